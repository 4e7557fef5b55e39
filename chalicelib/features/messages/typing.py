"""Who is typing: told to the other members, kept nowhere. Whoever is told forgets it by themselves."""

from typing import Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.realtime import events
from chalicelib.realtime.event_data import Typing
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import read_users


class _Listeners(msgspec.Struct, frozen=True):
    member_ids: list[int]
    users: str


# Passed on once in three seconds a typist and chat, and only where a message would be.
_STARTED = """
SELECT array(
    SELECT m.user_id FROM members m
    WHERE m.chat_id = me.chat_id AND m.user_id <> me.user_id AND a.allowed AND writing_refusal(c, me) IS NULL
) AS member_ids, users_text(ARRAY[me.user_id]) AS users
FROM members me JOIN chats c ON c.id = me.chat_id
CROSS JOIN LATERAL take_allowance('typing:' || me.chat_id || ':' || me.user_id, 1, interval '3 seconds') a
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""

# A stop is passed on once for a start that was, while its hearers still show it: for six seconds, three of which the
# start's allowance covers.
_STOPPED = """
WITH told AS (
    INSERT INTO allowances AS kept (subject, empty_at)
    SELECT 'typing-stop:' || %(chat_id)s::bigint || ':' || %(user_id)s::bigint, s.empty_at FROM allowances s
    WHERE s.subject = 'typing:' || %(chat_id)s::bigint || ':' || %(user_id)s::bigint
        AND s.empty_at > clock_timestamp() - interval '3 seconds'
    ON CONFLICT (subject) DO UPDATE SET empty_at = excluded.empty_at WHERE kept.empty_at < excluded.empty_at
    RETURNING 1
)
SELECT array(
    SELECT m.user_id FROM members m
    WHERE m.chat_id = me.chat_id AND m.user_id <> me.user_id AND EXISTS (SELECT FROM told)
        AND writing_refusal(c, me) IS NULL
) AS member_ids, users_text(ARRAY[me.user_id]) AS users
FROM members me JOIN chats c ON c.id = me.chat_id
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""


def typing(actor: Actor, chat_id: int, kind: Literal["start", "stop"]) -> None:
    """Tells the other members' devices; nobody, where a block or the chat's rules forbid the actor to write.

    Raises NotFound for who is not a member.
    """
    values = {"user_id": actor.user_id, "chat_id": chat_id}
    if kind == "start":
        row = db.one(_Listeners, _STARTED, values, actor=actor)
    else:
        row = db.one(_Listeners, _STOPPED, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    data = Typing(chat_id=chat_id, user_id=actor.user_id)
    event = events.typing(kind, data, users=read_users(row.users))
    publish(event, to=row.member_ids, group=f"chat:{chat_id}")
