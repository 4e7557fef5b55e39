"""Threads: the replies under a message, and how far a member has read them."""

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import MAX_ID, Seq
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.features.messages import receipts
from chalicelib.features.messages.schemas import Thread, ThreadList, ThreadPage
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Message, ThreadRead, bare, people_of


class _Row(msgspec.Struct, frozen=True):
    head: str | None
    state: str | None
    replies: list[str]


class _Outcome(Outcome, frozen=True, kw_only=True):
    state: str | None


_THREAD = """
WITH target AS MATERIALIZED (
    SELECT head_of(a.message) AS head, a.viewer FROM access_message(%(message_id)s, %(user_id)s) a
),
page AS MATERIALIZED (
    SELECT message_answer(m.message, t.viewer) AS reply, m.seq
    FROM target t, LATERAL (
        SELECT shown.message, r.seq FROM thread_replies r, LATERAL (
            SELECT m.message FROM shown_messages(%(user_id)s) m WHERE m.chat_id = r.chat_id AND m.seq = r.seq OFFSET 0
        ) shown
        WHERE r.chat_id = (t.head).chat_id AND r.root_seq = (t.head).seq AND r.seq < %(before)s
        ORDER BY r.seq DESC LIMIT %(limit)s
    ) m
)
SELECT message_answer(t.head, t.viewer) AS head, thread_json(t.head, t.viewer)::text AS state,
    array(SELECT p.reply FROM page p ORDER BY p.seq DESC) AS replies
FROM target t
"""

_THREADS = """
SELECT message_answer(t.head, me) AS head, thread_json(t.head, me)::text AS state,
    CASE WHEN t.head IS NULL THEN '{}' ELSE ARRAY[message_answer(t.reply, me)] END AS replies
FROM members me LEFT JOIN LATERAL (
    SELECT head.message AS head, reply.message AS reply, t.last_seq
    FROM threads t, LATERAL (
        SELECT m.message FROM shown_messages(me.user_id) m WHERE m.chat_id = t.chat_id AND m.seq = t.root_seq OFFSET 0
    ) head, LATERAL (
        SELECT m AS message FROM messages m WHERE m.chat_id = t.chat_id AND m.seq = t.last_seq OFFSET 0
    ) reply
    WHERE t.chat_id = me.chat_id AND t.last_seq < %(before)s
    ORDER BY t.last_seq DESC LIMIT %(limit)s
) t ON true
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
ORDER BY t.last_seq DESC
"""

_READ = "SELECT * FROM read_thread(%(message_id)s, %(user_id)s, %(seq)s)"


def thread(actor: Actor, message_id: int, page: paging.Page) -> ThreadPage:
    """One page of a thread, the newest reply first, by its head or any message in it. Raises NotFound."""
    values = {"user_id": actor.user_id, "message_id": message_id, **_from(page)}
    row = db.one(_Row, _THREAD, values, actor=actor)
    if row is None:
        raise NotFound("There is no such message.")
    head, state = _head(row)
    found = [_read(reply) for reply in row.replies]
    found, has_more = paging.cut(found, page.limit, _bytes)
    return ThreadPage(
        message=bare(head),
        read_seq=state.read_seq,
        unread_count=state.unread_count,
        messages=[bare(reply) for reply in found],
        users=people_of([head, *found]),
        has_more=has_more,
        next_cursor=paging.write_cursor(found[-1].seq) if has_more else None,
    )


def threads(actor: Actor, chat_id: int, page: paging.Page) -> ThreadList:
    """One page of a chat's threads, the one with the newest reply first. Raises NotFound for who is not a member."""
    values = {"user_id": actor.user_id, "chat_id": chat_id, **_from(page)}
    rows = db.many(_Row, _THREADS, values, actor=actor)
    if not rows:
        raise NotFound("There is no such chat.")
    found = [(*_head(row), _read(row.replies[0])) for row in rows if row.replies]
    found, has_more = paging.cut(found, page.limit, lambda one: _bytes(one[0]) + _bytes(one[2]))
    return ThreadList(
        threads=[
            Thread(
                message=bare(head),
                last_reply=bare(reply),
                read_seq=state.read_seq,
                unread_count=state.unread_count,
            )
            for head, state, reply in found
        ],
        users=people_of([message for head, _, reply in found for message in (head, reply)]),
        has_more=has_more,
        next_cursor=paging.write_cursor(found[-1][2].seq) if has_more else None,
    )


def mark_thread(actor: Actor, message_id: int, seq: int | None) -> ThreadRead:
    """Moves the actor's mark in a thread up to `seq` (to its newest reply where it is None).

    Tells the actor's own devices. Raises NotFound, and InvalidInput for a number that no message has yet.
    """
    values = {"user_id": actor.user_id, "message_id": message_id, "seq": seq}
    outcome = settled(lambda: db.the(_Outcome, _READ, values, actor=actor))
    if outcome.verdict == "beyond":
        raise receipts.beyond()
    state = msgspec.json.decode(outcome.state or "null", type=ThreadRead)
    if outcome.verdict == "allowed":
        publish(events.thread_read(actor.user_id, state), to=[actor.user_id], group=f"user:{actor.user_id}")
    return state


def _from(page: paging.Page) -> dict[str, int]:
    key = paging.read_cursor(page.cursor, tuple[Seq])
    return {"before": key[0] if key else MAX_ID, "limit": page.limit + 1}


def _head(row: _Row) -> tuple[Message, ThreadRead]:
    return _read(row.head), msgspec.json.decode(row.state or "null", type=ThreadRead)


def _read(text: str | None) -> Message:
    return msgspec.json.decode(text or "null", type=Message)


def _bytes(message: Message) -> int:
    return len(msgspec.json.encode(message))
