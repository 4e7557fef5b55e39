"""Receipts are watermarks: one row a member and chat, however many messages were read."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.features.messages.schemas import Watermarks
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish


class _Marked(msgspec.Struct, frozen=True):
    delivered_seq: int
    read_seq: int
    last_seq: int
    moved: bool
    marked_at: str
    member_ids: list[int]


# A watermark never goes back, and never beyond what was sent.
_READ = """
WITH before AS MATERIALIZED (
    SELECT m.chat_id, m.user_id, m.read_seq, c.last_seq, least(coalesce(%(seq)s, c.last_seq), c.last_seq) AS wanted
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
marked AS (
    UPDATE members m SET
        read_seq = greatest(m.read_seq, b.wanted), delivered_seq = greatest(m.delivered_seq, b.wanted)
    FROM before b WHERE m.chat_id = b.chat_id AND m.user_id = b.user_id
    RETURNING m.delivered_seq, m.read_seq, m.read_seq > b.read_seq AS moved, b.last_seq
)
SELECT k.delivered_seq, k.read_seq, k.last_seq, k.moved, wire_time(now()) AS marked_at, array(
    SELECT m.user_id FROM members m WHERE m.chat_id = %(chat_id)s
) AS member_ids
FROM marked k
"""


def mark_read(actor: Actor, chat_id: int, seq: int | None) -> Watermarks:
    """Moves the actor's read watermark up to `seq` (to the newest message where it is None) and tells the members.

    Raises NotFound for who is not a member.
    """
    row = db.one(_Marked, _READ, {"user_id": actor.user_id, "chat_id": chat_id, "seq": seq}, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    if row.moved:
        event = events.messages_read(chat_id=chat_id, user_id=actor.user_id, seq=row.read_seq, read_at=row.marked_at)
        publish(event, to=row.member_ids, group=f"chat:{chat_id}")
    return Watermarks(
        chat_id=chat_id,
        delivered_seq=row.delivered_seq,
        read_seq=row.read_seq,
        # The newest message may have come since this statement began.
        unread_count=max(0, row.last_seq - row.read_seq),
    )
