"""Receipts are watermarks: one row a member and chat, however many messages were delivered or read.

Whoever does not share what they read is heard of by delivery only, and hears of the others' no more than that.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from chalicelib.core import context, db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.ids import Id
from chalicelib.features.messages.schemas import Receipt, ReceiptList, Watermarks
from chalicelib.realtime import events
from chalicelib.realtime.event_data import MessageDelivered, MessagesRead
from chalicelib.realtime.publish import publish, publish_with
from chalicelib.realtime.shapes import ChatPersonal, UserBrief, read_users
from chalicelib.realtime.vocabularies import Aside

# Everybody's receipts to everybody grow with the square of the members: in larger chats they are not told live.
MOST_TOLD = 100

Kind = Literal["delivered", "read"]


class _Marked(msgspec.Struct, frozen=True):
    chat_id: int
    is_beyond: bool
    delivered_seq: int
    read_seq: int
    unread_count: int
    personal: str | None
    delivered_moved: bool
    read_moved: bool
    read_at: str | None
    delivered_id: int | None
    read_id: int | None
    readers: list[int]
    others: list[int]
    users: str | None
    read_passed: list[int] | None
    delivered_passed: list[int] | None


class _ReceiptRow(msgspec.Struct, frozen=True):
    user_id: int | None
    status: Literal["sent", "delivered", "read"]
    read_at: str | None
    users: str | None


# A watermark never goes back, and beyond what was sent it moves not at all. What moves nothing writes nothing. In a
# request none moves: who has begun it learns of nothing until it is accepted.
# `readers` are those who may hear how far the member has read, the member's own devices among them; `others` are the
# rest.
_MARK = """
WITH meant AS MATERIALIZED (
    SELECT %(chat_id)s::bigint AS chat_id, %(seq)s::bigint AS seq WHERE %(message_id)s::bigint IS NULL
    UNION ALL
    SELECT (a.message).chat_id, (a.message).seq FROM access_message(%(message_id)s, %(user_id)s) a
),
before AS MATERIALIZED (
    SELECT m.chat_id, m.user_id, m.delivered_seq, m.read_seq, m.read_receipts, m AS member, c AS chat, c.last_seq,
        CASE WHEN c.request_of = m.user_id THEN m.read_seq ELSE coalesce(w.seq, c.last_seq) END AS wanted,
        coalesce(w.seq > c.last_seq, false) AS is_beyond
    FROM meant w JOIN members m ON m.chat_id = w.chat_id AND m.user_id = %(user_id)s JOIN chats c ON c.id = m.chat_id
),
marked AS (
    UPDATE members m SET
        delivered_seq = greatest(m.delivered_seq, b.wanted),
        read_seq = CASE WHEN %(read)s THEN greatest(m.read_seq, b.wanted) ELSE m.read_seq END,
        marked_unread = m.marked_unread AND NOT %(read)s
    FROM before b
    WHERE m.chat_id = b.chat_id AND m.user_id = b.user_id AND NOT b.is_beyond
        AND (m.delivered_seq < b.wanted OR (%(read)s AND (m.read_seq < b.wanted OR m.marked_unread)))
    RETURNING m.chat_id, m.user_id, m.delivered_seq, m.read_seq, m.read_at, m.read_after,
        m.read_seq > b.read_seq AS read_moved
),
stepped AS MATERIALIZED (
    SELECT count(add_read_step(k.chat_id, k.user_id, k.read_after, k.read_seq, k.read_at)) AS steps
    FROM marked k WHERE k.read_moved
)
SELECT b.chat_id, b.is_beyond, unread_count(b.chat_id, b.user_id, marks.read_seq, b.last_seq) AS unread_count,
    CASE WHEN k.chat_id IS NOT NULL AND (b.member).marked_unread AND %(read)s THEN (
        personal_json(b.chat, b.member) || jsonb_build_object('chatId', b.chat_id, 'markedUnread', false)
    )::text END AS personal,
    coalesce(k.delivered_seq, greatest(b.delivered_seq, b.wanted)) AS delivered_seq, marks.read_seq,
    coalesce(k.delivered_seq > b.delivered_seq, false) AS delivered_moved,
    coalesce(k.read_moved, false) AND (SELECT steps > 0 FROM stepped) AS read_moved,
    wire_time(k.read_at) AS read_at,
    CASE WHEN newest.seq = k.delivered_seq THEN newest.id ELSE (
        SELECT n.id FROM messages n WHERE n.chat_id = k.chat_id AND n.seq = k.delivered_seq
    ) END AS delivered_id,
    newest.id AS read_id,
    told.readers, told.others, CASE WHEN k.chat_id IS NOT NULL THEN users_text(ARRAY[b.user_id]) END AS users,
    CASE WHEN %(passed)s AND k.read_moved THEN passed_messages(b.member, b.read_seq, k.read_seq) END AS read_passed,
    CASE WHEN %(passed)s AND k.delivered_seq > b.delivered_seq
        THEN passed_messages(b.member, b.delivered_seq, k.delivered_seq) END AS delivered_passed
FROM before b LEFT JOIN marked k ON true
CROSS JOIN LATERAL (
    SELECT coalesce(k.read_seq, CASE WHEN %(read)s THEN greatest(b.read_seq, b.wanted) ELSE b.read_seq END)
        AS read_seq
) marks
-- The limit has it looked up by its key.
LEFT JOIN LATERAL (
    SELECT n.id, n.seq FROM messages n WHERE %(read)s AND n.chat_id = k.chat_id AND n.seq = k.read_seq LIMIT 1
) newest ON true
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(m.user_id) FILTER (WHERE m.shares), '{}') AS readers,
        coalesce(array_agg(m.user_id) FILTER (WHERE NOT m.shares), '{}') AS others
    FROM (
        SELECT o.user_id, o.user_id = b.user_id OR (o.read_receipts AND b.read_receipts) AS shares
        FROM members o WHERE o.chat_id = k.chat_id LIMIT %(most)s + 1
    ) m
) told
"""

# Those who came later were not sent it. When it was read is known of a member's last hundred moves of the mark.
_RECEIPTS = """
SELECT r.user_id, r.status, r.read_at,
    CASE row_number() OVER () WHEN 1 THEN users_text(array_agg(r.user_id) OVER ()) END AS users
FROM access_message(%(message_id)s, %(user_id)s) a LEFT JOIN LATERAL (
    SELECT m.user_id, CASE
            WHEN (a.message).seq <= shown_read_seq(m, a.viewer) THEN 'read'
            WHEN (a.message).seq <= m.delivered_seq THEN 'delivered'
            ELSE 'sent'
        END AS status, CASE
            WHEN (a.message).seq <= shown_read_seq(m, a.viewer) THEN wire_time(read_time(m, (a.message).seq))
        END AS read_at
    FROM members m
    WHERE m.chat_id = (a.message).chat_id AND m.user_id > %(after)s
        AND m.user_id IS DISTINCT FROM (a.message).sender_id AND m.joined_at <= (a.message).created_at
    ORDER BY m.user_id LIMIT %(limit)s
) r ON true
ORDER BY r.user_id
"""


def mark_read(actor: Actor, chat_id: int, seq: int | None) -> Watermarks:
    """Moves the actor's read watermark up to `seq` (to the newest message where it is None) and tells the members.

    Raises NotFound for who is not a member, and InvalidInput for a number that no message has yet.
    """
    return _mark(actor, "read", chat_id=chat_id, seq=seq)


def mark_delivered(actor: Actor, chat_id: int, seq: int | None) -> Watermarks:
    """The same for the watermark of what has arrived on a device."""
    return _mark(actor, "delivered", chat_id=chat_id, seq=seq)


def mark_message(actor: Actor, message_id: int, kind: Kind) -> Watermarks:
    """Moves a watermark up to a message. Raises NotFound for one that is not there for the actor."""
    return _mark(actor, kind, message_id=message_id)


def receipts(actor: Actor, message_id: int, page: paging.Page) -> ReceiptList:
    """Whom a message was sent to and what became of it there, by user id. Raises NotFound."""
    key = paging.read_cursor(page.cursor, tuple[Id])
    values = {
        "user_id": actor.user_id,
        "message_id": message_id,
        "after": key[0] if key else 0,
        "limit": page.limit + 1,
    }
    rows = db.many(_ReceiptRow, _RECEIPTS, values, actor=actor)
    if not rows:
        raise NotFound("There is no such message.")
    found = [
        Receipt(user_id=row.user_id, status=row.status, read_at=row.read_at)
        for row in rows
        if row.user_id is not None
    ]
    found, has_more = paging.cut(found, page.limit)
    return ReceiptList(
        receipts=found,
        users=[user for row in rows for user in read_users(row.users)],
        has_more=has_more,
        next_cursor=paging.write_cursor(found[-1].user_id) if has_more else None,
    )


def _mark(
    actor: Actor, kind: Kind, *, chat_id: int | None = None, seq: int | None = None, message_id: int | None = None
) -> Watermarks:
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "seq": seq,
        "message_id": message_id,
        "read": kind == "read",
        "most": MOST_TOLD,
        "passed": context.wants("passed"),
    }
    row = db.one(_Marked, _MARK, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat." if message_id is None else "There is no such message.")
    if row.is_beyond:
        raise beyond()
    _tell(actor, row)
    return Watermarks(
        chat_id=row.chat_id,
        delivered_seq=row.delivered_seq,
        read_seq=row.read_seq,
        unread_count=row.unread_count,
    )


def beyond() -> InvalidInput:
    """The refusal of a mark on a number that no message has yet."""
    return InvalidInput.at("seq", "out_of_range", "must not be above the chat's newest message")


def tell_read(read: MessagesRead, users: Sequence[UserBrief], *, to: Sequence[int], aside: Aside) -> None:
    """Tells these that a member has read up to here."""
    publish_with(aside, events.messages_read(read, users=users), to=to, group=f"chat:{read.chat_id}", acked=True)


def _tell(actor: Actor, row: _Marked) -> None:
    """Tells those who may hear of it of reading, which says that it arrived as well; and the others of that alone."""
    readers, others = row.readers, row.others
    if len(readers) + len(others) > MOST_TOLD:
        readers, others = [actor.user_id], []
    if row.personal is not None:
        personal = msgspec.json.decode(row.personal, type=ChatPersonal)
        publish(events.chat_personal(personal), to=[actor.user_id], group=f"user:{actor.user_id}")
    group, users = f"chat:{row.chat_id}", read_users(row.users)
    if row.read_moved:
        read = MessagesRead(
            chat_id=row.chat_id,
            user_id=actor.user_id,
            seq=row.read_seq,
            message_id=row.read_id,
            read_at=row.read_at,
        )
        aside = Aside(unread={actor.user_id: row.unread_count}, passed=row.read_passed or [])
        tell_read(read, users, to=readers, aside=aside)
    if row.delivered_moved:
        delivered = MessageDelivered(
            chat_id=row.chat_id, user_id=actor.user_id, seq=row.delivered_seq, message_id=row.delivered_id
        )
        event, aside = events.message_delivered(delivered, users=users), Aside(passed=row.delivered_passed or [])
        publish_with(aside, event, to=others if row.read_moved else [*readers, *others], group=group, acked=True)
