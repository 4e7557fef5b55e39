"""What all refusals of errors.py have in common; their shape is RFC 9457 (application/problem+json)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, NamedTuple

import msgspec

from chalicelib.core import context
from chalicelib.core.wording import NO_VALUES, Values, told


class Fault(NamedTuple):
    """One field that is refused, in the code's words: its path, a stable code, a sentence and its values."""

    field: str
    code: str
    sentence: str
    values: Values = NO_VALUES


class FieldError(msgspec.Struct, frozen=True):
    """One field that was refused: its path (`participantIds[0]`), a stable code, and what a person reads of it."""

    field: str
    code: str
    message: str


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of every error answer and of every error frame on a socket."""

    type: str
    title: str
    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    code: str
    detail: str
    error: Annotated[str, msgspec.Meta(description="as `detail`, for clients that show this field")]
    message: Annotated[str, msgspec.Meta(description="as `detail`, for clients that show this field")]
    request_id: str
    retryable: bool
    retry_after: Annotated[
        int | None, msgspec.Meta(description="seconds; as the header, which sockets do not have")
    ] = None
    errors: Sequence[FieldError] = ()


class Problem(Exception):  # noqa: N818  # the RFC's own word for it
    """A refusal that the client is told of. `detail` must never carry secrets, SQL or file names.

    `detail` is a sentence as wording.py has them, with its `values`. The client reads it in its own language.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something broke on our side"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        detail: str | None = None,
        *,
        values: Values | None = None,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._sentence = detail or self.title
        self._values = values or NO_VALUES
        super().__init__(told(self._sentence, self._values, "en"))
        self.errors = errors
        self.headers = dict(headers or {})

    @classmethod
    def raised(cls, _detail: str | None) -> "Problem":
        """The refusal that PostgreSQL raised, with the DETAIL that it gave."""
        return cls()

    def body(self, request_id: str) -> ProblemBody:
        """The wire form of this refusal, in the language of the request that is being answered."""
        language = context.language()
        detail = self.sentence()
        return ProblemBody(
            type=f"urn:messenger:problem:{self.code}",
            title=told(self.title, NO_VALUES, language),
            status=self.status,
            code=self.code,
            detail=detail,
            error=detail,
            message=detail,
            request_id=request_id,
            retryable=self.retryable,
            retry_after=int(self.headers["Retry-After"]) if "Retry-After" in self.headers else None,
            errors=self._field_errors(),
        )

    def sentence(self) -> str:
        """Why this is refused, in one line for a person, in the language of the request that is being answered."""
        return told(self._sentence, self._values, context.language())

    def _field_errors(self) -> list[FieldError]:
        language = context.language()
        return [FieldError(one.field, one.code, told(one.sentence, one.values, language)) for one in self.errors]
