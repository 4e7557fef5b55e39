"""What somebody has not read: the newest of it in each of their chats, in one statement, with their own rights."""

from typing import NamedTuple, cast

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.features.messages.schemas import MessageList
from chalicelib.realtime.shapes import Message, read_users

# Of one chat so many messages; of all chats so many, and fewer messages of each.
MOST = 200
MOST_CHATS = 20
MOST_OF_EACH = 50


class Missed(NamedTuple):
    """A chat, up to where it was read, and its newest messages; some of these may have been read."""

    name: str | None
    read_seq: int
    page: MessageList


class _Row(msgspec.Struct, frozen=True):
    name: str | None
    read_seq: int
    messages: str
    users: str


# The chats that were written in last. A page is as long as what is unread, one's own messages among it.
_MISSED = """
WITH mine AS MATERIALIZED (
    SELECT me.chat_id, me.read_seq, c.name, c.last_seq, c.last_message_at
    FROM members me JOIN chats c ON c.id = me.chat_id
    WHERE me.user_id = %(user_id)s AND (
        me.chat_id = %(chat_id)s OR (
            %(chat_id)s::bigint IS NULL AND c.last_seq > me.read_seq
            AND (me.hidden_seq IS NULL OR c.last_seq > me.hidden_seq)
        )
    )
    ORDER BY c.last_message_at DESC LIMIT %(chats)s
)
SELECT mine.name, mine.read_seq, p.messages, users_text(p.people) AS users
FROM mine, page_before(
    %(user_id)s, mine.chat_id, mine.last_seq + 1, NULL, least(%(most)s, mine.last_seq - mine.read_seq)::integer
) p
ORDER BY mine.last_message_at DESC
"""


def missed(actor: Actor, chat_id: int | None = None) -> list[Missed]:
    """What the actor has not read in all chats, or in one. Raises NotFound where they are not in that one."""
    most = MOST_OF_EACH if chat_id is None else MOST
    values = {"user_id": actor.user_id, "chat_id": chat_id, "chats": MOST_CHATS, "most": most}
    rows = db.many(_Row, _MISSED, values, actor=actor)
    if chat_id is not None and not rows:
        raise NotFound("There is no such chat.")
    return [Missed(row.name, row.read_seq, _page(row)) for row in rows]


def _page(row: _Row) -> MessageList:
    found = msgspec.json.decode(row.messages, type=list[msgspec.Raw])
    return MessageList(
        messages=cast(list[Message], found), users=read_users(row.users), has_more=False, next_cursor=None
    )
