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
SELECT chat_json(c, me, %(most)s)::text AS chat, array(
    SELECT m.user_id FROM members m WHERE m.chat_id = c.id
) AS member_ids
FROM members me JOIN chats c ON c.id = me.chat_id
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""

_MEMBER_IDS = """
SELECT array(SELECT m.user_id FROM members m WHERE m.chat_id = me.chat_id) AS member_ids
FROM members me WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""


class _ChatRow(msgspec.Struct, frozen=True):
    chat: str
    member_ids: list[int]


class _MembersRow(msgspec.Struct, frozen=True):
    member_ids: list[int]


def access_chat(actor: Actor, chat_id: int, *, most_participants: int = ALL_PARTICIPANTS) -> tuple[Chat, list[int]]:
    """The chat as its member `actor` sees it, and the ids of all members. Raises NotFound for anybody else."""
    values = {"chat_id": chat_id, "user_id": actor.user_id, "most": most_participants}
    row = db.one(_ChatRow, _CHAT, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    return msgspec.json.decode(row.chat, type=Chat), row.member_ids


def access_member_ids(actor: Actor, chat_id: int) -> list[int]:
    """The ids of a chat's members, for one of them. Raises NotFound for anybody else."""
    row = db.one(_MembersRow, _MEMBER_IDS, {"chat_id": chat_id, "user_id": actor.user_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    return row.member_ids
