"""What belongs to one request, frame or queue message while it is handled."""

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeGuard

import msgspec

from chalicelib.core import clock, ids, metrics
from chalicelib.core.config import LOG_LEVELS, settings, trace_of_invocation
from chalicelib.core.wording import Language

Level = Literal["DEBUG", "INFO"]
# What clients of other messengers read besides: who has read each message of a page, what is left to be read, and
# each of the messages over which a mark has moved.
Extra = Literal["reads", "unread", "passed"]


Role = Literal["user", "moderator", "admin"]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who is acting, as a verified token or a registered connection says; never as the client says.

    `needs` is the role without which nothing is done for them: the statement asks for it as it asks for the session.
    """

    user_id: int
    session_id: int
    needs: Role = "user"


class Context:
    """The request's id, X-Ray trace, language and address, what to do after the commit, and what the log tells.

    `trace` is the header (`Root=1-…;Parent=…;Sampled=0`), or empty. The id goes along with everything that comes of
    the request: log lines, queue messages, events. `names_oneself` is set where an answer is to tell who the user is
    who asks, as it does of others; `extras` is what clients of another messenger read besides. `answers` is the
    connection that takes the ack for the event, or empty; `connection` is the name of the one by which a frame came.
    """

    def __init__(self, request_id: str, trace: str = "", language: Language = "en") -> None:
        self.request_id = request_id
        self.trace = trace
        self.language = language
        self.address = ""
        self.names_oneself = False
        self.extras: frozenset[Extra] = frozenset()
        self.answers = ""
        self.connection = ""
        self._is_minor = False
        self._after_commit: list[Callable[[], None]] = []
        self._noted: dict[str, object] = {}
        self._steps: list[dict[str, object]] = []

    @property
    def correlation(self) -> dict[str, str]:
        """By what every line of this work is found."""
        return {"request_id": self.request_id} | ({"trace": root_of(self.trace)} if self.trace else {})

    def note(self, message: str, **fields: object) -> None:
        """Says what this work is, or was, in the line that is written when it ends."""
        self._noted = {"message": message, **fields}

    def note_minor(self, message: str, **fields: object) -> None:
        """The same of work that comes so often, and goes so well, that a line would be its dearest part.

        It is told at DEBUG alone. What was counted goes with the container's next line.
        """
        self._is_minor = True
        if _is_logged("DEBUG"):
            self.note(message, **fields)

    def step(self, name: str, told: Mapping[str, object], *, level: Level = "INFO") -> None:
        """Adds to that line something that happened on the way."""
        if _is_logged(level):
            self._steps.append({"step": name, **told})

    def line(self) -> dict[str, object]:
        """All that is told of this work, where the settings' level lets it; nothing where nothing was."""
        if not (self._noted or self._steps) or not _is_logged("INFO"):
            return {}
        about = {"level": "INFO", "message": "work", "timestamp": clock.wire(clock.now())}
        told = {**about, "service": settings().service, **self.correlation, **self._noted}
        return {**told, "steps": self._steps} if self._steps else told

    def end(self) -> None:
        """Writes what was told and counted."""
        line = self.line()
        if line or not self._is_minor:
            metrics.flush(line)

    def adopt(self, offered_request_id: str | None) -> None:
        """Goes on under the id that the cause of this work had, where there is one, and it is harmless."""
        if _is_harmless(offered_request_id):
            self.request_id = offered_request_id

    def after_commit(self, work: Callable[[], None]) -> None:
        """Asks for `work` once the handler is done and what it wrote is durable; a failed request drops it."""
        self._after_commit.append(work)

    @property
    def asked_last(self) -> Callable[[], None] | None:
        """What is to be done last after the commit, so far."""
        return self._after_commit[-1] if self._after_commit else None

    def committed(self) -> None:
        """Does what was asked for, in order, once."""
        work, self._after_commit = self._after_commit, []
        for step in work:
            step()


def root_of(trace: str) -> str:
    """The id of a trace in X-Ray's header: what is the same all the way."""
    return trace.partition("Root=")[2].partition(";")[0]


def _is_logged(level: Level) -> bool:
    return LOG_LEVELS.index(level) >= LOG_LEVELS.index(settings().log_level)


_current: contextvars.ContextVar[Context] = contextvars.ContextVar("context")
# API Gateway's own ids end in `=`.
REQUEST_ID = re.compile(r"[A-Za-z0-9._:=-]{1,64}")
_TRACE = re.compile(r"(?:[A-Za-z]{1,16}=[A-Za-z0-9:_-]{1,64};?){1,6}")


def current() -> Context:
    """The context in force. Raises LookupError outside of `begin`."""
    return _current.get()


def wants(extra: Extra) -> bool:
    """Whether clients who ask so read this besides; not outside of a context."""
    here = _current.get(None)
    return here is not None and extra in here.extras


def language() -> Language:
    """In which language errors are told: that of the context in force; outside of one, English."""
    here = _current.get(None)
    return here.language if here is not None else "en"


def origin() -> dict[str, str]:
    """Where the work that is going on came from, as a row of the audit trail has it."""
    here = current()
    return {"address": here.address, "request_id": here.request_id}


@contextlib.contextmanager
def begin(
    offered_request_id: str | None = None, *, trace: str | None = None, language: Language = "en"
) -> Iterator[Context]:
    """Opens a context, and writes one line of what was told and counted in it when it ends.

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
        context.end()


def _is_harmless(request_id: str | None) -> TypeGuard[str]:
    return request_id is not None and REQUEST_ID.fullmatch(request_id) is not None
