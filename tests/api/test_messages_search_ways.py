"""Both ways that search goes find the same: by the index, and back through the newest messages.

The chats differ in what the ways depend on: one is long and has gone quiet, one is new and busy, most are short.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from bench.data import Loader
from bench.plans import statements_of, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.features.messages import search as module
from chalicelib.features.messages.search import MessageSearchQuery, search
from chalicelib.features.messages.snippets import FoundMessages
from tests.support.plans import own_database

ME = Actor(user_id=1, session_id=1)
# In many chats that are old, and in one that is new and busy.
ANOTHER = Actor(user_id=4, session_id=4)
QUIET, BUSY, STRANGE, EMPTY, NEW, OLD = 1, 6, 7, 8, 9, range(10, 210)
# By chat: its messages, and the moments of its first and its last one.
LENGTHS = {QUIET: (400, 0, 100), 2: (30, 50, 200), 3: (40, 90, 210), 4: (3, 10, 190), 5: (60, 0, 200)}
LENGTHS |= {BUSY: (120, 195, 200), STRANGE: (100, 0, 220)}
LENGTHS |= {NEW: (60, 190, 220)} | dict.fromkeys(OLD, (10, 0, 180))

_MESSAGES = """
INSERT INTO messages (chat_id, seq, sender_id, message_type, content, created_at)
SELECT chat, seq, 2 + seq %% 2, CASE WHEN seq %% 7 = 0 THEN 'image' ELSE 'text' END,
    'common' || repeat(' common', (seq %% 3)::int)
        || CASE WHEN seq %% 2 = 0 THEN ' second' ELSE '' END
        || CASE WHEN seq %% 10 = 0 THEN ' tenth' ELSE '' END
        || CASE WHEN seq = 1 THEN ' first' ELSE '' END
        || CASE WHEN chat = %(quiet)s AND seq <= 90 THEN ' ancient' ELSE '' END
        || CASE WHEN chat = %(busy)s AND seq > 90 THEN ' fresh' ELSE '' END,
    '2026-01-01Z'::timestamptz + (began + (ended - began) * seq / length) * interval '1 minute'
FROM unnest(%(chats)s::bigint[], %(lengths)s::bigint[], %(begun)s::float8[], %(ended)s::float8[])
    AS c (chat, length, began, ended), LATERAL generate_series(1, length) seq
ORDER BY began + (ended - began) * seq / length, chat
"""


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with own_database() as (url, connection):
        loader = Loader(connection)
        loader.people(1, 4)
        loader.groups(1, OLD[-1])
        loader.members(1, STRANGE - 1, user_ids=[1, 2, 3])
        loader.members(STRANGE, STRANGE, user_ids=[2, 3])
        loader.members(EMPTY, EMPTY, user_ids=[1, 2, 3])
        loader.members(NEW, OLD[-1], user_ids=[4])
        lengths, begun, ended = zip(*LENGTHS.values(), strict=True)
        values = {"chats": list(LENGTHS), "lengths": list(lengths), "begun": list(begun), "ended": list(ended)}
        connection.execute(_MESSAGES, values | {"quiet": QUIET, "busy": BUSY})
        connection.execute(
            "UPDATE chats c SET last_seq = m.seq, last_message_at = m.at FROM ("
            " SELECT chat_id, max(seq) AS seq, max(created_at) AS at FROM messages GROUP BY chat_id"
            ") m WHERE m.chat_id = c.id"
        )
        connection.execute("INSERT INTO hidden_messages (user_id, chat_id, seq) VALUES (1, %s, 120)", [BUSY])
        connection.execute("UPDATE messages SET expires_at = now() WHERE chat_id = 5 AND seq = 60")
        loader.finish()
        yield Settings(database_url=url, searches=1_000_000)


@pytest.fixture(params=[(1, 4, None), (2, None), (20, 320, None), (None,)], ids=str)
def efforts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EFFORTS", request.param)


@pytest.mark.parametrize("q", ["common", "second", "tenth", "second tenth", "first", "ancient", "fresh", "nowhere"])
@pytest.mark.parametrize(
    "query",
    [
        {},
        {"chat_id": QUIET},
        {"chat_id": BUSY},
        {"chat_id": EMPTY},
        {"chat_id": STRANGE},
        {"sender_id": 3},
        {"message_type": "image"},
        {"sender_id": 2, "message_type": "image", "chat_id": 5},
    ],
    ids=str,
)
@pytest.mark.usefixtures("efforts")
def test_all_pages_together_are_all_matches(settings: Settings, q: str, query: dict[str, Any]) -> None:
    with trial(settings):
        assert _all_pages(q, **query) == _matches(settings, q, **query)


@pytest.mark.parametrize("q", ["common", "second", "tenth", "ancient"])
@pytest.mark.usefixtures("efforts")
def test_by_rank_the_newest_so_many_are_compared(settings: Settings, q: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RANKED", 25)
    with trial(settings):
        found = _all_pages(q, order="rank")
    assert sorted(found, reverse=True) == _matches(settings, q)[:25]


@pytest.mark.parametrize(("q", "tries"), [("common", 1), ("fresh", 1), ("nowhere", 1), ("ancient", 2)])
def test_only_what_is_common_and_old_takes_several_tries(
    settings: Settings, q: str, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EFFORTS", (8, None))
    with trial(settings):
        assert len(statements_of(lambda: search(ME, MessageSearchQuery(q=q, limit=10)))) == tries


def test_a_chat_in_which_much_is_new_is_gone_back_through_further(settings: Settings) -> None:
    found: list[int] = []
    with trial(settings):
        tries = statements_of(lambda: found.extend(_chats(search(ANOTHER, MessageSearchQuery(q="common", limit=10)))))
    assert (len(tries), found) == (1, [NEW] * 10)


def _chats(answer: tuple[FoundMessages, object]) -> list[int]:
    return [message.chat_id for message in answer[0].messages]


def _all_pages(q: str, **query: Any) -> list[int]:
    found: list[int] = []
    cursor: str | None = None
    while True:
        page, _ = search(ME, MessageSearchQuery(q=q, limit=10, cursor=cursor, **query))
        found += [message.id for message in page.messages]
        if not page.has_more:
            return found
        cursor = page.next_cursor


def _matches(settings: Settings, q: str, **fields: Any) -> list[int]:
    """What the rows themselves say, the newest first."""
    conditions = "".join(f" AND {field} = %({field})s" for field in fields)
    with psycopg.connect(settings.database_url) as connection:
        rows = connection.execute(
            "SELECT id FROM messages WHERE chat_id IN (SELECT chat_id FROM members WHERE user_id = 1)"
            " AND NOT (chat_id, seq) = (%(busy)s, 120) AND NOT (chat_id, seq) = (5, 60)"
            " AND string_to_array(content, ' ') @> %(words)s" + conditions + " ORDER BY id DESC",
            {"busy": BUSY, "words": q.split(), **fields},
        ).fetchall()
    return [message_id for (message_id,) in rows]
