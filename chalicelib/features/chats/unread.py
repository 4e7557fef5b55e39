"""What there is to be read in all chats of a user: one statement, which reads no message."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.features.chats.schemas import Unread, UnreadChat


class _Row(msgspec.Struct, frozen=True):
    unread_count: int
    unread_chats: int
    request_count: int
    chats: str
    missed_calls: int


_UNREAD = """
WITH mine AS MATERIALIZED (
    SELECT me.chat_id, me.read_seq, me.marked_unread,
        unread_count(me.chat_id, me.user_id, me.read_seq, c.last_seq) AS unread,
        coalesce(c.request_of = me.user_id, false) AS is_request
    FROM members me JOIN chats c ON c.id = me.chat_id
    WHERE me.user_id = %(user_id)s AND (c.last_seq > me.read_seq OR me.marked_unread)
        AND (me.hidden_seq IS NULL OR c.last_seq > me.hidden_seq)
),
mentioned AS (
    SELECT m.chat_id, m.unread, (
        SELECT count(*) FROM mentions t
        WHERE t.user_id = %(user_id)s AND t.chat_id = m.chat_id AND t.seq > m.read_seq AND NOT EXISTS (
            SELECT FROM hidden_messages h WHERE h.user_id = t.user_id AND h.chat_id = t.chat_id AND h.seq = t.seq
        )
    ) AS mentions
    FROM mine m WHERE m.unread > 0 AND NOT m.is_request
)
SELECT (SELECT coalesce(sum(m.unread), 0)::bigint FROM mine m WHERE NOT m.is_request) AS unread_count,
    (SELECT count(*) FROM mine m WHERE (m.unread > 0 OR m.marked_unread) AND NOT m.is_request) AS unread_chats,
    (SELECT count(*) FROM mine m WHERE m.unread > 0 AND m.is_request) AS request_count,
    missed_calls(%(user_id)s) AS missed_calls,
    (
        SELECT coalesce(json_agg(json_build_object(
            'chatId', m.chat_id, 'unreadCount', m.unread, 'mentionCount', m.mentions
        ) ORDER BY m.chat_id), '[]')::text
        FROM mentioned m WHERE m.mentions > 0
    ) AS chats
"""


def unread(actor: Actor) -> Unread:
    """The sum over the actor's chats, and those in which the actor is mentioned."""
    row = db.the(_Row, _UNREAD, {"user_id": actor.user_id}, actor=actor)
    return Unread(
        unread_count=row.unread_count,
        unread_chats=row.unread_chats,
        request_count=row.request_count,
        missed_calls=row.missed_calls,
        chats=msgspec.json.decode(row.chats, type=list[UnreadChat]),
    )
