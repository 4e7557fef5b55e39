"""The way of a message, as steps in log lines and in metrics: accepted, published, pushed to these connections, shed.

Each is a step in the line of the work that it happens in. `request_id` and `event_id` lead from the line of one
function to that of the next; support follows them by the queries of docs/operations.md. What an event says is never
in a line. Ephemeral events leave steps at DEBUG alone: there are more of them than of all others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from chalicelib.core import clock, context, metrics
from chalicelib.core.context import Level, root_of
from chalicelib.core.logs import logger
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
    told = {"message_id": message.id, "chat_id": message.chat_id, "seq": message.seq, "user_id": message.sender_id}
    context.current().step("accepted", told | ({} if created else {"repeated": True}))


def published(event: Envelope, *, recipients: int) -> None:
    """An event was given to the queue."""
    _step("published", {"event_id": event.event_id, "type": event.type, "recipients": recipients})


def pushed(event: Outline, reached: Sequence[Reached], *, trace: str, waited: float | None, recipients: int) -> None:
    """An event went out, `waited` seconds after it was given to the queue; None where it was not."""
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
        **_of_another(event.request_id, trace),
        "event_id": event.event_id,
        "type": event.type,
        "recipients": recipients,
        "posted": outcomes["posted"],
        **{outcome: outcomes[outcome] for outcome in outcomes if outcome != "posted"},
        "delay_ms": round(delay, 1),
    }
    if waited is not None:
        told["queued_ms"] = round(waited * 1000)
    named = [each for each in reached if each.outcome != "posted" or len(reached) <= MOST_NAMED]
    connections: dict[str, list[str]] = {}
    for each in named[:MOST_NAMED]:
        connections.setdefault(each.outcome, []).append(_named(each.line))
    _step("pushed", told | {"connections": connections})


def shed(event: Outline, *, level: int) -> None:
    """An event was dropped under load."""
    metrics.count("PushesShed")
    told: dict[str, object] = {"event_id": event.event_id, "type": event.type, "shed_level": level}
    _step("shed", _of_another(event.request_id, "") | told)


def lost(event_id: str, error: str) -> None:
    """What was to be pushed could not be handed over; its clients find it by sync."""
    metrics.count("PushesLost")
    logger().error("push lost", extra={"event_id": event_id, "error": error})


def _of_another(request_id: str, trace: str) -> dict[str, object]:
    """By what a step is found whose event is of another request than the work in which it happens."""
    told = {"request_id": request_id, "trace": root_of(trace)}
    ours = context.current().correlation
    return {name: value for name, value in told.items() if value and value != ours.get(name)}


def _named(line: Line) -> str:
    """A connection, after its user where that is known."""
    return f"{line.user_id} {line.name}" if isinstance(line, Connection) else line.name


def _step(name: str, told: Mapping[str, object]) -> None:
    level: Level = "DEBUG" if str(told["type"]).startswith(_EPHEMERAL) else "INFO"
    context.current().step(name, told, level=level)
