"""The way of a message, in log lines and metrics: accepted, published, pushed to these connections, shed or lost.

`request_id` and `event_id` lead from the lines of one function to those of the next; support follows them by the
queries of docs/operations.md. What an event says is never in a line. Ephemeral events leave lines at DEBUG alone:
there are more of them than of all others.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from chalicelib.core import clock, metrics
from chalicelib.core.logs import logger, root_of, tell
from chalicelib.realtime.connections import Connection, Line
from chalicelib.realtime.shapes import Envelope, Message

# Of more connections a line gives the number alone.
MOST_NAMED = 20
_EPHEMERAL = ("typing:", "user:")


class Outline(msgspec.Struct, frozen=True, rename="camel"):
    """What a line tells of an event, read from its frame; empty for a bare packet."""

    type: str = ""
    event_id: str = ""
    request_id: str = ""
    ts: datetime = datetime.fromtimestamp(0, UTC)


class Reached(msgspec.Struct, frozen=True):
    """A connection and what became of the posts to it: `posted`, `gone`, `too_large`, `failed`, or `deferred` where
    the queue is to carry it."""

    line: Line
    outcome: str


def outline(event: msgspec.Raw) -> Outline:
    """What is told of an event."""
    return msgspec.json.decode(bytes(event), type=Outline) if bytes(event) else Outline()


def accepted(message: Message, *, created: bool) -> None:
    """A message is stored; one that was sent again had been before."""
    metrics.count("SendsAccepted", created)
    tell(
        "accepted",
        message_id=message.id,
        chat_id=message.chat_id,
        seq=message.seq,
        user_id=message.sender_id,
        repeated=not created,
    )


def published(event: Envelope, *, recipients: int, by: str) -> None:
    """An event was handed over: `by` the queue, or inline."""
    metrics.count("PushesPublished")
    _log(event.type, "published", event_id=event.event_id, type=event.type, recipients=recipients, by=by)


def pushed(event: Outline, reached: Sequence[Reached], *, trace: str, waited: float) -> None:
    """An event went out, `waited` seconds after it was queued (0 for inline)."""
    outcomes = Counter(each.outcome for each in reached)
    metrics.count("PushesPosted", outcomes["posted"])
    metrics.count("PushesGone", outcomes["gone"])
    metrics.count("PushesFailed", outcomes["failed"] + outcomes["too_large"])
    metrics.count("PushesDeferred", outcomes["deferred"])
    if not event.type:
        return
    delay = max(0.0, clock.now() - event.ts.timestamp()) * 1000
    if outcomes["posted"]:
        metrics.observe("DeliveryDelay", round(delay, 1))
    told: dict[str, object] = {
        **({"request_id": event.request_id} if event.request_id else {}),
        "event_id": event.event_id,
        "type": event.type,
        "posted": outcomes["posted"],
        "delay_ms": round(delay, 1),
        "queued_ms": round(waited * 1000),
    }
    if trace:
        told["trace"] = root_of(trace)
    for outcome in outcomes.keys() - {"posted"}:
        told[outcome] = outcomes[outcome]
    named = [each for each in reached if each.outcome != "posted" or len(reached) <= MOST_NAMED]
    told["connections"] = [_named(each) for each in named[:MOST_NAMED]]
    _log(event.type, "pushed", **told)


def shed(kind: str, event_id: str, *, level: int, request_id: str | None = None) -> None:
    """An event was dropped under load."""
    metrics.count("PushesShed")
    told = {"request_id": request_id} if request_id else {}
    _log(kind, "shed", event_id=event_id, type=kind, shed_level=level, **told)


def lost(event_id: str, error: str) -> None:
    """What was to be pushed could not be handed over; its clients find it by sync."""
    metrics.count("PushesLost")
    logger().error("push lost", extra={"event_id": event_id, "error": error})


def _named(reached: Reached) -> dict[str, object]:
    whose = {"user_id": reached.line.user_id} if isinstance(reached.line, Connection) else {}
    return {"connection_id": reached.line.name, **whose, "outcome": reached.outcome}


def _log(kind: str, message: str, **told: object) -> None:
    tell(message, level="DEBUG" if kind.startswith(_EPHEMERAL) else "INFO", **told)
