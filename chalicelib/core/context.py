"""What belongs to one request, frame or queue message while it is handled."""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterator
from typing import TypeGuard

import msgspec

from chalicelib.core import ids, metrics
from chalicelib.core.config import trace_of_invocation
from chalicelib.core.wording import Language


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is acting, as a verified token or a registered connection says; never as the client says."""

    user_id: int
    session_id: int


class Context:
    """The request's id, X-Ray trace and language, and what is to be done once its changes are committed.

    `trace` is the header (`Root=1-…;Parent=…;Sampled=0`), or empty. The id goes along with everything that comes of
    the request: log lines, queue messages, events.
    """

    def __init__(self, request_id: str, trace: str = "", language: Language = "en") -> None:
        self.request_id = request_id
        self.trace = trace
        self.language = language
        self._after_commit: list[Callable[[], None]] = []

    def adopt(self, offered_request_id: str | None) -> None:
        """Goes on under the id that the cause of this work had, where there is one, and it is harmless."""
        if _is_harmless(offered_request_id):
            self.request_id = offered_request_id

    def after_commit(self, work: Callable[[], None]) -> None:
        """Asks for `work` once the handler is done and what it wrote is durable; a failed request drops it."""
        self._after_commit.append(work)

    def committed(self) -> None:
        """Does what was asked for, in order, once."""
        work, self._after_commit = self._after_commit, []
        for step in work:
            step()


_current: contextvars.ContextVar[Context] = contextvars.ContextVar("context")
# API Gateway's own ids end in `=`.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:=-]{1,64}")
_TRACE = re.compile(r"(?:[A-Za-z]{1,16}=[A-Za-z0-9:_-]{1,64};?){1,6}")


def current() -> Context:
    """The context in force. Raises LookupError outside of `begin`."""
    return _current.get()


def language() -> Language:
    """In which language errors are told: that of the context in force; outside of one, English."""
    here = _current.get(None)
    return here.language if here is not None else "en"


@contextlib.contextmanager
def begin(
    offered_request_id: str | None = None, *, trace: str | None = None, language: Language = "en"
) -> Iterator[Context]:
    """Opens a context, and writes what was counted in it when it ends.

    An offered request id is kept where it is harmless in a header and in a log line. The trace is the invocation's
    own, or else the offered one.
    """
    if not _is_harmless(offered_request_id):
        offered_request_id = ids.random_id()
    seen = trace_of_invocation() or trace or ""
    context = Context(offered_request_id, seen if _TRACE.fullmatch(seen) else "", language)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
        metrics.flush()


def _is_harmless(request_id: str | None) -> TypeGuard[str]:
    return request_id is not None and _REQUEST_ID.fullmatch(request_id) is not None
