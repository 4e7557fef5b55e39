"""Indexing: a message is stored without the words that search looks for; they are added within seconds.

What is not indexed yet is listed in `unindexed_messages`, and search looks through that as well. So this may be late,
and nobody misses a message.
"""

import time
from collections.abc import Callable

import msgspec

from chalicelib.core import clock, db
from chalicelib.core.config import settings
from chalicelib.realtime import publish

# How many messages a statement indexes, and how long one call goes on: the next one takes what is left.
_BATCH = 500
# Messages that are indexed anew may be of chats in which people are busy, and are locked until their batch is done.
_BATCH_ANEW = 100
_SECONDS = 15


class _Indexed(msgspec.Struct, frozen=True):
    count: int


# Whoever comes at the same time takes other messages. An edit that is under way is waited for, and indexed as it is
# then.
_INDEX = """
WITH waiting AS MATERIALIZED (
    SELECT chat_id, seq FROM unindexed_messages ORDER BY chat_id, seq LIMIT %(limit)s FOR UPDATE SKIP LOCKED
),
indexed AS (
    UPDATE messages m SET searched = words_of_chat(m.chat_id, message_words(m.content, m.details, m.attachments))
    FROM waiting w
    WHERE m.chat_id = w.chat_id AND m.seq = w.seq
),
done AS (
    DELETE FROM unindexed_messages u USING waiting w WHERE u.chat_id = w.chat_id AND u.seq = w.seq
)
SELECT count(*) AS count FROM waiting
"""


# Messages that were indexed when search knew less, see migrations/0015_words_anew.sql. Where the words stay the same
# nothing is written: clients would hear of it as a change. An edit that is under way is waited for.
_INDEX_ANEW = """
WITH task AS MATERIALIZED (
    SELECT after_id, until_id FROM indexed_anew FOR UPDATE SKIP LOCKED
),
next AS MATERIALIZED (
    SELECT m.id, m.chat_id, m.seq,
        words_of_chat(m.chat_id, message_words(m.content, m.details, m.attachments)) AS words
    FROM task, LATERAL (
        SELECT * FROM messages WHERE id > task.after_id AND id <= task.until_id
        ORDER BY id LIMIT %(limit)s FOR NO KEY UPDATE
    ) m
),
indexed AS (
    UPDATE messages m SET searched = n.words FROM next n
    WHERE m.chat_id = n.chat_id AND m.seq = n.seq AND m.searched <> n.words
),
moved AS (
    UPDATE indexed_anew SET after_id = (SELECT max(id) FROM next) WHERE EXISTS (SELECT FROM next)
),
done AS (
    DELETE FROM indexed_anew WHERE EXISTS (SELECT FROM task) AND NOT EXISTS (SELECT FROM next)
)
SELECT count(*) AS count FROM next
"""


class _Container:
    """What this container remembers: until when its last request covers what is sent."""

    covered_until = 0.0


def soon() -> None:
    """Has what was just sent indexed within a few seconds.

    A request is carried out `index_seconds` later, and so covers what is sent until then: a container makes no more
    than one in that time.
    """
    seconds = settings().index_seconds
    now = clock.now()
    if seconds and now >= _Container.covered_until:
        # One second less than the queue waits: what is sent until then is committed when the request arrives.
        _Container.covered_until = now + seconds - 1
        publish.index_later(seconds)


def sweep() -> int:
    """Indexes what waits; answers how many messages."""
    return _in_batches(_BATCH, lambda: db.the(_Indexed, _INDEX, {"limit": _BATCH}))


def sweep_anew() -> int:
    """Indexes the next of the messages that are to be indexed anew; answers how many there were."""
    return _in_batches(_BATCH_ANEW, lambda: db.the(_Indexed, _INDEX_ANEW, {"limit": _BATCH_ANEW}))


def _in_batches(most: int, index: Callable[[], _Indexed]) -> int:
    until = time.monotonic() + _SECONDS
    total = 0
    while time.monotonic() < until:
        count = index().count
        total += count
        if count < most:
            break
    return total
