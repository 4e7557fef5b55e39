"""Who is told of a message or a call by a notification: users without a live socket, if they may have devices for it.

Whether they may is noted in their own item of the live table, which each push reads anyway. So who has no device
costs nothing. The note is a hint: PostgreSQL knows the devices. Whoever finds none there takes the note away.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.ids import Id, Seq
from chalicelib.realtime import live_items
from chalicelib.realtime.calls import CallEndReason, CallStatus

# Of what users are notified at all.
NOTIFIED = frozenset({"message:new", "call:ring", "call:decline", "call:end"})
# Clients register their device at each start. One that has not for so long has lost its session.
_NOTED_SECONDS = 400 * 24 * 60 * 60
# A device that was registered within so many seconds may not have been seen by who looked.
_SETTLED_SECONDS = 60


class Absent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message, and those who did not hear of it by a socket and may have devices."""

    chat_id: Id
    seq: Seq
    user_ids: list[Id]


class CallNotice(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call that rings for users without a socket. With a `reason`, it no longer rings on devices that have rung.

    `caller_id` is who has it ring.
    """

    call_id: Id
    user_ids: list[Id]
    caller_id: Id | None
    reason: CallEndReason | None


Notice = Absent | CallNotice


class Gone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device that its push service no longer knows, by the token that it had then."""

    device_id: Id
    token: str


class _Message(msgspec.Struct, frozen=True, rename="camel"):
    chat_id: int
    seq: int
    sender_id: int | None = None


class _MessageEvent(msgspec.Struct, frozen=True):
    data: _Message


class _Party(msgspec.Struct, frozen=True, rename="camel"):
    user_id: int
    state: str


class _Call(msgspec.Struct, frozen=True):
    status: CallStatus
    participants: list[_Party]


class _CallChange(msgspec.Struct, frozen=True, rename="camel"):
    call_id: int
    user_id: int | None
    call: _Call
    silent: bool = False
    reason: CallEndReason | None = None


class _CallEvent(msgspec.Struct, frozen=True):
    data: _CallChange


def of_push(kind: str, event: msgspec.Raw, user_ids: Sequence[int], reached: Set[int]) -> Notice | None:
    """Who of these users, who may have devices, is to be notified of an event; None where nobody is.

    Some are reached by sockets. Who wrote a message is not notified of it.
    """
    unreached = [user_id for user_id in user_ids if user_id not in reached]
    if kind != "message:new":
        return _of_call(kind, event, user_ids, unreached)
    if not unreached:
        return None
    message = msgspec.json.decode(bytes(event), type=_MessageEvent).data
    absent = [user_id for user_id in unreached if user_id != message.sender_id]
    return Absent(chat_id=message.chat_id, seq=message.seq, user_ids=absent) if absent else None


def _of_call(kind: str, event: msgspec.Raw, user_ids: Sequence[int], unreached: Sequence[int]) -> CallNotice | None:
    """For whom a call rings, and who has no socket; or for whom it stops.

    Who has a socket is told of the stop too: another device of theirs may ring.
    """
    change = msgspec.json.decode(bytes(event), type=_CallEvent).data
    states = {party.user_id: party.state for party in change.call.participants}
    caller_id, reason = None, change.reason
    if kind == "call:ring":
        caller_id = change.user_id
        told = [] if change.silent else [user_id for user_id in unreached if states.get(user_id) == "ringing"]
    elif kind == "call:end":
        told = [each for each in user_ids if each == change.user_id or states.get(each) == "missed"]
    else:
        # A decline that ends the call is told by its end.
        reason = "declined"
        told = [each for each in user_ids if each == change.user_id and change.call.status in {"ringing", "active"}]
    if not told:
        return None
    return CallNotice(call_id=change.call_id, user_ids=told, caller_id=caller_id, reason=reason)


def may_have_devices(item: Mapping[str, Any]) -> bool:
    """Whether a user's item notes it."""
    return "devicesUntil" in item


def note_devices(user_id: int) -> None:
    """Notes that a user may have devices. Raises AwsError."""
    values = {":until": {"N": str(int(clock.now()) + _NOTED_SECONDS)}}
    live_items.update_user(
        user_id,
        UpdateExpression="SET devicesUntil = :until, expiresAt = :until",
        ExpressionAttributeValues=values,
    )


def forget_devices(user_ids: Sequence[int]) -> None:
    """Takes the note away from users who were found to have no device; that of webhooks needs it. Raises AwsError."""
    now = int(clock.now())
    values = {
        ":noted": {"N": str(now + _NOTED_SECONDS - _SETTLED_SECONDS)},
        ":expires": {"N": str(now + settings().connection_seconds)},
    }
    for user_id in user_ids:
        live_items.update_user(
            user_id,
            UpdateExpression="REMOVE devicesUntil SET expiresAt = :expires",
            ConditionExpression="devicesUntil < :noted AND attribute_not_exists(hooks)",
            ExpressionAttributeValues=values,
        )
