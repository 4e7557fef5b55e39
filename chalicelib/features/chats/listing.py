"""The list of chats: one statement a page, its sort key the cursor."""

from datetime import datetime
from typing import Annotated

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ids import Id
from chalicelib.features.chats.access import FIRST_PARTICIPANTS
from chalicelib.features.chats.schemas import ChatList, ChatQuery
from chalicelib.realtime.shapes import Chat, read_users

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After which chat a list goes on: when it had its newest message, its id, and when it was pinned, if it is."""

    at: _Moment
    chat_id: Id
    pinned_at: _Moment | None = None


class _Listed(msgspec.Struct, frozen=True):
    chat: str
    chat_id: int
    at: datetime
    pinned_at: datetime | None
    users: str | None


# Pinned chats first, the last pinned at the top; then by the newest message. The people of the whole page stand in
# its first row.
_LIST = """
WITH page AS MATERIALIZED (
    SELECT c AS chat, me AS viewer, c.last_message_at AS at, me.pinned_at, c.id
    FROM members me JOIN chats c ON c.id = me.chat_id
    WHERE me.user_id = %(user_id)s
        AND (me.hidden_seq IS NULL OR c.last_seq > me.hidden_seq)
        AND coalesce(c.request_of = me.user_id, false) = %(requests)s
        AND (%(archived)s::boolean IS NULL OR (me.archived_at IS NOT NULL) = %(archived)s::boolean)
        AND (%(at)s::timestamptz IS NULL OR (coalesce(me.pinned_at, '-infinity'), c.last_message_at, c.id)
            < (coalesce(%(pinned_at)s::timestamptz, '-infinity'), %(at)s::timestamptz, %(before_id)s::bigint))
    ORDER BY coalesce(me.pinned_at, '-infinity') DESC, c.last_message_at DESC, c.id DESC
    LIMIT %(limit)s
),
shown AS MATERIALIZED (
    SELECT p.*, newest_message(p.id, %(user_id)s) AS newest FROM page p
)
SELECT chat_text(s.chat, s.viewer, s.newest, %(most)s) AS chat, s.id AS chat_id, s.at, s.pinned_at,
    CASE row_number() OVER () WHEN 1 THEN (
        SELECT users_text(array_agg(DISTINCT named.id))
        FROM shown, unnest(chat_people(shown.chat, shown.newest, %(most)s)) AS named (id)
    ) END AS users
FROM shown s
ORDER BY coalesce(s.pinned_at, '-infinity') DESC, s.at DESC, s.id DESC
"""

_PRIVATE = """
SELECT chat_text(c, me, n.newest, %(most)s) AS chat, c.id AS chat_id, c.last_message_at AS at, me.pinned_at,
    users_text(chat_people(c, n.newest, %(most)s)) AS users
FROM members me JOIN chats c ON c.id = me.chat_id
CROSS JOIN LATERAL (SELECT newest_message(c.id, %(user_id)s) AS newest OFFSET 0) n
WHERE me.chat_id = private_chat_of(%(user_id)s, %(other)s) AND me.user_id = %(user_id)s
"""


def list_chats(actor: Actor, query: ChatQuery) -> ChatList:
    """One page of the caller's chats, or the private chat with a user. Raises InvalidInput for both."""
    if query.user_id is not None:
        return _private(actor, query, query.user_id)
    after = paging.read_cursor(query.cursor, _Key)
    values = {
        "user_id": actor.user_id,
        "archived": query.archived,
        "requests": query.requests,
        "pinned_at": after.pinned_at if after else None,
        "at": after.at if after else None,
        "before_id": after.chat_id if after else None,
        "limit": query.limit + 1,
        "most": FIRST_PARTICIPANTS,
    }
    rows, has_more = paging.cut(
        db.many(_Listed, _LIST, values, actor=actor), query.limit, lambda row: len(row.chat.encode())
    )
    return ChatList(
        chats=[msgspec.json.decode(row.chat, type=Chat) for row in rows],
        users=read_users(rows[0].users) if rows else [],
        has_more=has_more,
        next_cursor=_cursor_after(rows[-1]) if has_more else None,
    )


def _private(actor: Actor, query: ChatQuery, other: int) -> ChatList:
    for name in ("archived", "cursor", "requests"):
        if getattr(query, name):
            raise InvalidInput.at(name, "contradiction", "cannot be given together with {other}", other="userId")
    values = {"user_id": actor.user_id, "other": other, "most": FIRST_PARTICIPANTS}
    rows = db.many(_Listed, _PRIVATE, values, actor=actor)
    return ChatList(
        chats=[msgspec.json.decode(row.chat, type=Chat) for row in rows],
        users=[user for row in rows for user in read_users(row.users)],
        has_more=False,
        next_cursor=None,
    )


def _cursor_after(row: _Listed) -> str:
    pinned = () if row.pinned_at is None else (row.pinned_at,)
    return paging.write_cursor(row.at, row.chat_id, *pinned)
