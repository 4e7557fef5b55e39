"""Who is typing: told to the other members, kept nowhere."""

from typing import Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish


class _Listeners(msgspec.Struct, frozen=True):
    member_ids: list[int]
    due: bool


# A start is passed on once in three seconds a typist and chat, a stop always; the allowance is taken by members only.
_LISTENERS = """
SELECT array(
    SELECT m.user_id FROM members m WHERE m.chat_id = me.chat_id AND m.user_id <> me.user_id
) AS member_ids, coalesce(a.allowed, true) AS due
FROM members me LEFT JOIN LATERAL take_allowance(
    'typing:' || me.chat_id || ':' || me.user_id, %(burst)s, interval '3 seconds'
) a ON true
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""


def typing(actor: Actor, chat_id: int, kind: Literal["start", "stop"]) -> None:
    """Tells the other members' devices. Raises NotFound for who is not a member."""
    values = {"user_id": actor.user_id, "chat_id": chat_id, "burst": 1 if kind == "start" else None}
    row = db.one(_Listeners, _LISTENERS, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    if row.due:
        event = events.typing(kind, chat_id=chat_id, user_id=actor.user_id)
        publish(event, to=row.member_ids, group=f"chat:{chat_id}")
