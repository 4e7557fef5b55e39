"""What is heard of a model, whichever format it speaks."""

import msgspec

from chalicelib.core.assistant_errors import AssistantBusy, AssistantFailed, AssistantTimedOut
from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger
from chalicelib.core.problems import Problem
from chalicelib.core.streaming import StreamError

# From the first word on, a model that is silent for so long is given up.
SILENT_SECONDS = 20.0


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of an answer: some text, or that it was cut for its length, or how many tokens it took in all."""

    text: str = ""
    is_cut: bool = False
    tokens: int | None = None


def refusal(status: int, body: bytes) -> Problem:
    """What an error of the endpoint means for who asked; the log has what the endpoint says.

    That may quote the question, so no more of it is kept than its kind.
    """
    logger().error("assistant refused", extra={"status": status, "error": _kind(body)})
    if status in {408, 504}:
        return AssistantTimedOut()
    if status in {429, 529}:
        return AssistantBusy()
    return Unavailable() if status >= 500 else AssistantFailed()


def lost(error: StreamError) -> Problem:
    """The same of an answer that did not come, or was cut off."""
    logger().warning("assistant lost", extra={"error": str(error)})
    return AssistantTimedOut() if error.timed_out else Unavailable()


def unreadable(what: str) -> Problem:
    """The same of an answer that has no meaning."""
    logger().error("assistant unreadable", extra={"error": what})
    return AssistantFailed()


class _Inner(msgspec.Struct, frozen=True):
    type: str | None = None
    code: str | int | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Inner | str | None = None
    type: str | None = msgspec.field(name="__type", default=None)


def _kind(body: bytes) -> str:
    try:
        said = msgspec.json.decode(body, type=_ErrorBody)
    except msgspec.MsgspecError:
        return "unreadable"
    if isinstance(said.error, _Inner):
        return str(said.error.code or said.error.type or "unknown")[:80]
    return (said.type or "unknown")[:80]
