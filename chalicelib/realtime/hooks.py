"""Which events webhooks are told: those of groups, where the keeper of a webhook is among those who hear them.

The item of the keeper in the live table, which each push reads anyway, names the groups of their webhooks, or NO_CHAT
for those of the whole service. So a group without a webhook costs nothing. The note is a hint: PostgreSQL knows the
webhooks. Whoever finds none there takes the note away.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.ids import Id
from chalicelib.realtime import live_items

TOLD = frozenset(
    {
        "message:new",
        "message:updated",
        "message:deleted",
        "message:reaction",
        "member:joined",
        "member:left",
        "member:updated",
    }
)
NO_CHAT = 0
# The item stays for so long. Each change of a webhook, and each ping, notes it anew.
_NOTED_SECONDS = 3650 * 24 * 60 * 60
# A webhook that was made within so many seconds may not have been seen by who looked.
_SETTLED_SECONDS = 60


class Hooked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An event, and those who heard it and keep webhooks there. Where it tries one out, `only` names that."""

    chat_id: Id | None
    keepers: list[Id]
    type: str
    event_id: str
    event: msgspec.Raw
    only: Id | None = None


class Tried(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a try of a post was answered, and whether there is none after it."""

    webhook_id: Id
    event_id: str
    taken: bool
    status: int
    last: bool


class _Data(msgspec.Struct, frozen=True, rename={"scope": "for"}):
    scope: str = "everyone"


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    event_id: str
    chat_id: int | None
    data: _Data


def chats_of(item: Mapping[str, Any]) -> frozenset[int]:
    """The chats that a user's item names, with NO_CHAT for all."""
    return frozenset(map(int, item["hooks"]["NS"])) if "hooks" in item else frozenset()


def of_push(event: msgspec.Raw, hearers: Iterable[int], keepers: Mapping[int, frozenset[int]]) -> Hooked | None:
    """Of whose webhooks an event is; None where it is of nobody's, or of one user alone."""
    told = msgspec.json.decode(bytes(event), type=_Event)
    if told.chat_id is None or told.data.scope != "everyone":
        return None
    places = {told.chat_id, NO_CHAT}
    ours = [user_id for user_id in hearers if not places.isdisjoint(keepers.get(user_id, ()))]
    if not ours:
        return None
    return Hooked(chat_id=told.chat_id, keepers=ours, type=told.type, event_id=told.event_id, event=event)


def note(user_id: int, chat_id: int | None) -> None:
    """Notes that a user keeps a webhook of a chat, or of all. Raises AwsError."""
    now = int(clock.now())
    # `devicesUntil` is what keeps the item when its connections are gone.
    live_items.update_user(
        user_id,
        UpdateExpression="ADD hooks :chat SET hooksNoted = :now, devicesUntil = :until, expiresAt = :until",
        ExpressionAttributeValues={
            ":chat": {"NS": [str(chat_id or NO_CHAT)]},
            ":now": {"N": str(now)},
            ":until": {"N": str(now + _NOTED_SECONDS)},
        },
    )


def forget(user_ids: Sequence[int], chat_id: int | None) -> None:
    """Takes the note away from users who were found to keep no webhook of a chat, nor of all. Raises AwsError."""
    settled = str(int(clock.now()) - _SETTLED_SECONDS)
    for user_id in user_ids:
        live_items.update_user(
            user_id,
            UpdateExpression="DELETE hooks :chats",
            ConditionExpression="hooksNoted < :settled",
            ExpressionAttributeValues={":chats": {"NS": [str(chat_id), str(NO_CHAT)]}, ":settled": {"N": settled}},
        )
