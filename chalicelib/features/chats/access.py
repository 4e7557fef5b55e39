"""The only way to fetch a chat: it takes the actor, and what is not theirs to know of is not there."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.realtime.shapes import Chat

# Groups can have thousands of members; one chat is shown whole, lists and events show the first few.
ALL_PARTICIPANTS = 1_000_000
FIRST_PARTICIPANTS = 20

_CHAT = """
SELECT chat_answer(c, me, %(most)s) AS chat
FROM members me JOIN chats c ON c.id = me.chat_id
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""


class _ChatRow(msgspec.Struct, frozen=True):
    chat: str


def access_chat(actor: Actor, chat_id: int, *, most_participants: int = ALL_PARTICIPANTS) -> Chat:
    """The chat as its member `actor` sees it. Raises NotFound for anybody else."""
    values = {"chat_id": chat_id, "user_id": actor.user_id, "most": most_participants}
    row = db.one(_ChatRow, _CHAT, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    return msgspec.json.decode(row.chat, type=Chat)
