"""Encrypted messages for devices: each gets its own alone, and it waits until the device has received it."""

from typing import LiteralString

import msgspec

from chalicelib.core import db, ratelimit
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import DevicesChanged
from chalicelib.core.paging import cut
from chalicelib.core.problems import Fault
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import REFUSALS
from chalicelib.features.encryption.schemas import (
    DeviceMessageQuery,
    DeviceMessages,
    DeviceSendInput,
    DeviceSent,
    Received,
)
from chalicelib.realtime import events
from chalicelib.realtime.keys import DeviceMessage
from chalicelib.realtime.publish import publish

# Of one device that wait.
MOST_WAITING = 1000


class _Sent(Allowance, frozen=True, kw_only=True):
    sent: str | None


class _Kept(msgspec.Struct, frozen=True, rename="camel"):
    user_id: int
    device_id: int
    message: DeviceMessage


class _Outcome(msgspec.Struct, frozen=True):
    verdict: str
    kept: list[_Kept] = []
    full: list[int] = []
    missing: list[int] = []
    unknown: list[int] = []


class _Rows(msgspec.Struct, frozen=True):
    rows: str


class _Count(msgspec.Struct, frozen=True):
    waiting: int


_SEND: LiteralString = """
SELECT a.allowed, a.remaining, a.retry_after, CASE WHEN a.allowed THEN send_to_devices(
    %(user_id)s, %(session_id)s, %(receivers)s::bigint[], %(given)s::jsonb, %(most)s
) END AS sent
FROM take_allowance(concat('device-messages:', %(user_id)s::bigint), %(burst)s, interval '1 minute') a
"""

_WAITING: LiteralString = """
SELECT coalesce(jsonb_agg(device_message_json(m) ORDER BY m.id), '[]')::text AS rows FROM (
    SELECT w.* FROM device_messages w WHERE w.session_id = %(session_id)s AND w.id > %(after)s
    ORDER BY w.id LIMIT %(limit)s
) m
"""


_RECEIVE: LiteralString = """
WITH received AS (
    DELETE FROM device_messages WHERE session_id = %(session_id)s AND id <= %(up_to)s
)
SELECT count(*)::integer AS waiting FROM device_messages WHERE session_id = %(session_id)s AND id > %(up_to)s
"""


def policy() -> Policy:
    """Sends, of up to a hundred messages for devices each."""
    return Policy(name="device-messages", quota=settings().device_sends)


def send(actor: Actor, given: DeviceSendInput) -> tuple[DeviceSent, Allowance]:
    """Keeps a message for each device of these users, and tells it to the device.

    Raises NotFound, Blocked, Muted and RateLimited; and DevicesChanged, with nothing kept, where the messages are not
    for exactly these users' devices.
    """
    limit = policy()
    values = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "receivers": given.user_ids,
        "given": msgspec.json.encode(given.messages).decode(),
        "most": MOST_WAITING,
        "burst": limit.burst,
    }
    row = db.the(_Sent, _SEND, values, actor=actor)
    ratelimit.refuse_unless_allowed(limit, row)
    outcome = msgspec.json.decode(row.sent or "", type=_Outcome)
    if outcome.verdict in REFUSALS:
        raise REFUSALS[outcome.verdict]()
    if outcome.verdict == "devices_changed":
        raise DevicesChanged(errors=_faults(outcome))
    for kept in outcome.kept:
        group = f"device:{kept.device_id}"
        publish(events.keys_message(kept.message), to=[kept.user_id], group=group, sessions=[kept.device_id])
    return DeviceSent(device_ids=sorted({kept.device_id for kept in outcome.kept}), full=outcome.full), row


def waiting(actor: Actor, query: DeviceMessageQuery) -> DeviceMessages:
    """A page of what waits for the actor's device, the oldest first."""
    values = {"session_id": actor.session_id, "after": query.after, "limit": query.limit + 1}
    found = db.the(_Rows, _WAITING, values, actor=actor)
    messages, has_more = cut(msgspec.json.decode(found.rows, type=list[DeviceMessage]), query.limit, _size)
    return DeviceMessages(messages=messages, has_more=has_more)


def receive(actor: Actor, up_to: int) -> Received:
    """Forgets what the actor's device has received; again is as once. Answers how many wait."""
    values = {"session_id": actor.session_id, "up_to": up_to}
    return Received(waiting=db.the(_Count, _RECEIVE, values, actor=actor).waiting)


def _size(message: DeviceMessage) -> int:
    return len(message.body) + 200


def _faults(outcome: _Outcome) -> list[Fault]:
    missing = [Fault(f"devices[{each}]", "missing_device", "has no message") for each in outcome.missing]
    unknown = [
        Fault(f"devices[{each}]", "unknown_device", "is no device of these users that has keys")
        for each in outcome.unknown
    ]
    return missing + unknown
