"""Who is told of a message by a notification: users without a live socket, if they may have devices for it.

Whether they may is noted in their own item of the live table, which each push reads anyway. So who has no device
costs nothing. The note is a hint: PostgreSQL knows the devices. Whoever finds none there takes the note away.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.ids import Id, Seq
from chalicelib.realtime import live_items

# Of what users are notified at all.
NOTIFIED = frozenset({"message:new"})
# Clients register their device at each start. One that has not for so long has lost its session.
_NOTED_SECONDS = 400 * 24 * 60 * 60
# A device that was registered within so many seconds may not have been seen by who looked.
_SETTLED_SECONDS = 60


class Absent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message, and those who did not hear of it by a socket and may have devices."""

    chat_id: Id
    seq: Seq
    user_ids: list[Id]


class Gone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device that its push service no longer knows, by the token that it had then."""

    device_id: Id
    token: str


class _Data(msgspec.Struct, frozen=True, rename="camel"):
    chat_id: int
    seq: int
    sender_id: int | None = None


class _Event(msgspec.Struct, frozen=True):
    data: _Data


def of_push(event: msgspec.Raw, user_ids: Iterable[int]) -> Absent | None:
    """Who of these users is to be notified of a new message; None where nobody is. Its sender is not."""
    message = msgspec.json.decode(bytes(event), type=_Event).data
    absent = [user_id for user_id in user_ids if user_id != message.sender_id]
    return Absent(chat_id=message.chat_id, seq=message.seq, user_ids=absent) if absent else None


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
    """Takes the note away from users who were found to have no device. Raises AwsError."""
    now = int(clock.now())
    values = {
        ":noted": {"N": str(now + _NOTED_SECONDS - _SETTLED_SECONDS)},
        ":expires": {"N": str(now + settings().connection_seconds)},
    }
    for user_id in user_ids:
        live_items.update_user(
            user_id,
            UpdateExpression="REMOVE devicesUntil SET expiresAt = :expires",
            ConditionExpression="devicesUntil < :noted",
            ExpressionAttributeValues=values,
        )
