"""Messages that disappear: hidden from the moment they expire, and emptied within the next minutes.

An emptied message is as one that was deleted for everyone, but nobody deleted it.
"""

import time

import msgspec

from chalicelib.core import context, db
from chalicelib.realtime import events
from chalicelib.realtime.event_data import MessageDeleted
from chalicelib.realtime.publish import publish, publish_updated

# What one sweep takes upon itself; the next one, a minute later, goes on.
_BATCH = 200
_SWEEP_SECONDS = 15


class _Emptied(msgspec.Struct, frozen=True):
    chat_id: int
    message_ids: list[int]
    seqs: list[int]
    heads: list[str]
    member_ids: list[int]


# The chats' rows are taken in the order of their ids, and before their messages, as everywhere. An edit in between
# has kept a text that this statement cannot see: that message is left for the next sweep.
_EMPTY = """
WITH due AS MATERIALIZED (
    SELECT m.chat_id, m.seq, m.edited_at FROM messages m
    WHERE m.expires_at <= now() ORDER BY m.expires_at LIMIT %(limit)s
),
taken AS MATERIALIZED (
    SELECT c.id FROM chats c WHERE c.id IN (SELECT d.chat_id FROM due d) ORDER BY c.id FOR NO KEY UPDATE OF c
),
touched AS (
    UPDATE chats c SET updated_at = c.updated_at FROM taken WHERE c.id = taken.id
    RETURNING c.id, clock_timestamp() AS moment
),
emptied AS (
    UPDATE messages m SET content = '', attachments = '[]', forwarded_from = NULL, mentions = '{}', reactions = '{}',
        edited_at = NULL, pinned_at = NULL, expires_at = NULL, deleted_at = x.moment,
        updated_at = next_update(m, x.moment)
    FROM touched x, due d
    WHERE m.chat_id = x.id AND m.chat_id = d.chat_id AND m.seq = d.seq AND m.expires_at <= now()
        AND m.edited_at IS NOT DISTINCT FROM d.edited_at
    RETURNING m.chat_id, m.seq, m.id, m.thread_id
),
files AS (
    DELETE FROM attachments a USING emptied e WHERE a.chat_id = e.chat_id AND a.seq = e.seq
),
earlier AS (
    DELETE FROM message_edits d USING emptied e WHERE d.chat_id = e.chat_id AND d.seq = e.seq
)
SELECT e.chat_id, array_agg(e.id ORDER BY e.seq) AS message_ids, array_agg(e.seq ORDER BY e.seq) AS seqs,
    array_remove(array_agg(
        CASE WHEN e.thread_id IS NOT NULL THEN remove_reply(e.chat_id, e.thread_id, e.seq, NULL) END ORDER BY e.seq
    ), NULL) AS heads,
    array(SELECT m.user_id FROM members m WHERE m.chat_id = e.chat_id) AS member_ids
-- Sorted, so that all are emptied before the first leaves its thread.
FROM (SELECT * FROM emptied ORDER BY chat_id, seq) e GROUP BY e.chat_id
"""


def sweep() -> int:
    """Empties what has expired, the longest expired first, and tells the members; answers how many messages."""
    until = time.monotonic() + _SWEEP_SECONDS
    total = 0
    while time.monotonic() < until:
        count = _empty_some()
        total += count
        if count < _BATCH:
            break
    return total


def _empty_some() -> int:
    chats = db.many(_Emptied, _EMPTY, {"limit": _BATCH})
    with context.begin() as current:
        for chat in chats:
            for message_id, seq in zip(chat.message_ids, chat.seqs, strict=True):
                data = MessageDeleted(
                    chat_id=chat.chat_id, message_id=message_id, seq=seq, deleted_by=None, scope="everyone"
                )
                publish(events.message_deleted(data), to=chat.member_ids, group=f"chat:{chat.chat_id}")
            for head in chat.heads:
                publish_updated(head, to=chat.member_ids)
        current.committed()
    return sum(len(chat.seqs) for chat in chats)
