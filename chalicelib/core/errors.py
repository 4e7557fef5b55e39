"""Every refusal as a class with a stable code and status; the shape is RFC 9457 (application/problem+json).

A refusal that PostgreSQL makes (a unique index, a raised SQLSTATE) maps to the same classes by name, so that a race
and a plain mistake answer alike.
"""

from collections.abc import Iterator, Mapping, Sequence
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


class Unreadable(Problem):
    status, code, title = 400, "unreadable_body", "The body could not be read"


class InvalidInput(Problem):
    status, code, title = 400, "invalid_input", "The input is not valid"

    @classmethod
    def at(cls, field: str, code: str, sentence: str, **values: str | int) -> "InvalidInput":
        """The refusal of one field."""
        return cls(errors=(Fault(field, code, sentence, values),))

    def sentence(self) -> str:
        """What is wrong with each field; without fields, what is wrong with the whole."""
        return "; ".join(f"{error.field}: {error.message}" for error in self._field_errors()) or super().sentence()


class UnknownAction(Problem):
    status, code, title = 400, "unknown_action", "There is no such action"


class Unauthenticated(Problem):
    status, code, title = 401, "unauthenticated", "A valid access token is needed"


class WrongCredentials(Problem):
    status, code, title = 401, "wrong_credentials", "The name or the password is wrong"


class RefreshRefused(Problem):
    status, code, title = 401, "refresh_refused", "This refresh token can no longer be used"


class SessionEnded(Problem):
    status, code, title = 401, "session_ended", "This session has ended"


class Forbidden(Problem):
    status, code, title = 403, "forbidden", "You may not do this"


class Blocked(Problem):
    status, code, title = 403, "blocked", "One of you has blocked the other"


class OriginRefused(Problem):
    status, code, title = 403, "origin_refused", "This origin may not connect"


class NotFound(Problem):
    status, code, title = 404, "not_found", "There is no such thing here"


class Conflict(Problem):
    status, code, title = 409, "conflict", "This contradicts what is stored"


class UsernameTaken(Conflict):
    code, title = "username_taken", "This username is taken"


class EmailTaken(Conflict):
    code, title = "email_taken", "This email address is taken"


class ClientMessageIdReused(Conflict):
    code, title = "client_message_id_reused", "This clientMessageId was used in another chat"


class UploadPending(Conflict):
    code, title, retryable = "upload_pending", "The file has not arrived yet", True


class UploadInUse(Conflict):
    code, title = "upload_in_use", "A message holds this file"


class Gone(Problem):
    status, code, title = 410, "gone", "This has expired"


class MessageIsDeleted(Gone):
    code, title = "message_deleted", "This message was deleted"


class TooLarge(Problem):
    status, code, title = 413, "too_large", "This is too large"


class UnsupportedType(Problem):
    status, code, title = 415, "unsupported_media_type", "The body must be application/json"


class Refused(Problem):
    status, code, title = 422, "refused", "A rule forbids this"


class IdempotencyKeyReused(Refused):
    code, title = "idempotency_key_reused", "This Idempotency-Key came with another body"


class UnknownUser(Refused):
    code, title = "unknown_user", "There is no such user"


class NotYourself(Refused):
    code, title = "not_yourself", "This cannot be done to oneself"


class UnknownReply(Refused):
    code, title = "unknown_reply", "The message that is replied to is not in this chat"


class UnknownMention(Refused):
    code, title = "unknown_mention", "Only members of the chat can be mentioned"


class TooManyReactions(Refused):
    code, title = "too_many_reactions", "This message has all the kinds of reactions it can have"


class NotAPoll(Refused):
    code, title = "not_a_poll", "This message is not a poll"


class PollClosed(Refused):
    code, title = "poll_closed", "This poll is closed"


class UnknownOption(Refused):
    code, title = "unknown_option", "This poll does not have this option"


class OneOption(Refused):
    code, title = "one_option", "Only one option of this poll can be chosen"


class TooManyScheduled(Refused):
    code, title = "too_many_scheduled", "You have all the scheduled messages you can have"


class NotAPicture(Refused):
    code, title = "not_a_picture", "An avatar must be a complete upload of yours: PNG, JPEG, GIF or WebP"


class UnusableAttachment(Refused):
    code, title = "unusable_attachment", "An attachment is not yours, or its upload is not complete"


class NotAGroup(Refused):
    code, title = "not_a_group", "This can only be done in a group"


class LastOwner(Refused):
    code, title = "last_owner", "A group keeps at least one owner"


class GroupFull(Refused):
    code, title = "group_full", "The group is full"


class FileTypeRefused(Refused):
    code, title = "file_type_refused", "Files of this type are not accepted"


class UploadRefused(Refused):
    code, title = "upload_refused", "The stored file is not what was announced"


class QuotaExceeded(Refused):
    code, title = "quota_exceeded", "Your storage is full"


class RateLimited(Problem):
    status, code, title, retryable = 429, "rate_limited", "Too many requests", True


class Unavailable(Problem):
    status, code, title, retryable = 503, "unavailable", "A service we need does not answer; try again", True


# What the database says when it refuses, by the name of the constraint or the raised SQLSTATE.
CONSTRAINTS: Mapping[str, type[Problem]] = {
    "users_username": UsernameTaken,
    "users_email": EmailTaken,
    "sessions_family": IdempotencyKeyReused,
    "contacts_another": NotYourself,
    "blocks_another": NotYourself,
    "attachments_upload_id_fkey": UnusableAttachment,
    "users_avatar_id_fkey": NotAPicture,
    "chats_avatar_id_fkey": NotAPicture,
}
RAISED: Mapping[str, type[Problem]] = {
    "MS401": SessionEnded,
    "MS422": NotAPicture,
}


def catalogue() -> Iterator[type[Problem]]:
    """Every problem there is, for the documents."""
    waiting: list[type[Problem]] = [Problem]
    while waiting:
        problem = waiting.pop(0)
        yield problem
        waiting.extend(problem.__subclasses__())
