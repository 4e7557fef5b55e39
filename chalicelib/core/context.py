"""What belongs to one request, frame or queue message while it is handled."""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterator

import msgspec

from chalicelib.core import ids


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is acting, as a verified token or a registered connection says; never as the client says."""

    user_id: int
    session_id: int


class Context:
    """The request's id, and what is to be done once its changes are committed."""

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self._after_commit: list[Callable[[], None]] = []

    def after_commit(self, work: Callable[[], None]) -> None:
        """Asks for `work` once the handler is done and what it wrote is durable; a failed request drops it."""
        self._after_commit.append(work)

    def committed(self) -> None:
        """Does what was asked for, in order, once."""
        work, self._after_commit = self._after_commit, []
        for step in work:
            step()


_current: contextvars.ContextVar[Context] = contextvars.ContextVar("context")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def current() -> Context:
    """The context in force. Raises LookupError outside of `begin`."""
    return _current.get()


@contextlib.contextmanager
def begin(offered_request_id: str | None = None) -> Iterator[Context]:
    """Opens a context; an offered request id is kept where it is harmless in a header and in a log line."""
    fits = offered_request_id is not None and _REQUEST_ID.fullmatch(offered_request_id)
    context = Context(offered_request_id if fits and offered_request_id else ids.random_id())
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
