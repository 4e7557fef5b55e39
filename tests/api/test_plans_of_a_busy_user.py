"""What sync, search, the chat list and reading cost a user in 500 chats, counted where others write more.

Planned for their values and for any values. `bench/growth.py` counts the same among a million messages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, LiteralString

import msgspec
import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Reads, explain, statements_of, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.core.paging import write_cursor
from chalicelib.features.chats.listing import list_chats
from chalicelib.features.chats.schemas import ChatQuery
from chalicelib.features.messages.receipts import mark_read
from chalicelib.features.messages.search import MessageSearchQuery, search
from chalicelib.features.messages.sync import SyncQuery, sync
from chalicelib.realtime.shapes import Message
from tests.support.plans import own_database, plan_of

PEOPLE = 10_000
# Mine are the first 500; in the first one I have read nothing of 10,000 messages.
CHATS = 1_500
MINE = 500
LONG = 1
LONG_LENGTH = 10_000
EACH = 40
# Chats in which nobody has written.
IDLE = 120_000
NEWS = 30
MEMBERS = 3
PAGE = 51  # fifty, and the one that tells whether there are more
RANKED = 1_000  # so many are compared by rank
ME = Actor(user_id=1, session_id=1)
# In the long chat and in two others.
FEW = Actor(user_id=2, session_id=2)
OTHER = Actor(user_id=3, session_id=3)


@dataclass(frozen=True)
class Filled:
    """A database, and cursors of before and after somebody wrote in thirty of my chats."""

    settings: Settings
    before_news: str
    after_news: str


@pytest.fixture(scope="module")
def filled() -> Iterator[Filled]:
    with own_database() as (url, connection):
        settings = Settings(database_url=url, rate_limits=False)
        _fill(Loader(connection))
        before = _head(settings)
        # As the features write, with triggers.
        connection.execute("RESET session_replication_role")
        connection.execute(_NEWS, [NEWS, OTHER.user_id])
        yield Filled(settings, before, _head(settings))


_NEWS = """
WITH written AS (
    UPDATE chats SET last_seq = last_seq + 1, last_message_at = now() WHERE id <= %s RETURNING id, last_seq
)
INSERT INTO messages (chat_id, seq, sender_id, message_type, content)
SELECT id, last_seq, %s, 'text', 'news' FROM written
"""


def _fill(loader: Loader) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, CHATS + IDLE)
    loader.members(1, MINE, user_ids=[ME.user_id])
    loader.members(LONG, LONG + 2, user_ids=[FEW.user_id])
    loader.members(1, NEWS, user_ids=[OTHER.user_id])
    loader.strangers(2, CHATS + IDLE, among=range(OTHER.user_id + 1, PEOPLE), each=MEMBERS - 1)
    loader.messages(LONG, LONG, seqs=range(1, LONG_LENGTH + 1), sender_id=OTHER.user_id, since="2025-01-01")
    loader.messages(2, CHATS, seqs=range(1, EACH + 1), sender_id=OTHER.user_id)
    loader.finish()


def _head(settings: Settings) -> str:
    heads = []
    with trial(settings):
        heads.append(sync(ME, SyncQuery()).next_cursor)
    return heads[0]


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def reads(filled: Filled, mode: Mode) -> Iterator[Reads]:
    """What the features read and write, with all plans of one mode."""
    url = f"{filled.settings.database_url}?options=-c%20plan_cache_mode%3D{mode}"
    with trial(msgspec.structs.replace(filled.settings, database_url=url)):
        yield Reads()


def test_a_sync_without_news_reads_no_message(filled: Filled, mode: Mode) -> None:
    plan = plan_of(filled.settings, mode, lambda: _sync(filled.after_news))
    assert plan.sequential() <= {"epoch"}
    assert plan.read("messages") == plan.read("hidden_messages") == 0
    # My own rows, and nobody else's.
    assert plan.read("chats") == plan.read("members") == MINE
    # What leads nowhere: each of my chats, asked for its news and for itself, and what I left and hid before.
    assert plan.discarded <= 2 * MINE + 10


def test_nor_do_its_functions(filled: Filled, reads: Reads) -> None:
    assert _sync(filled.after_news) == []
    assert "messages" not in {**reads.by_index, **reads.sequential}


def test_a_sync_reads_its_news_and_no_other_message(filled: Filled, mode: Mode) -> None:
    plan = plan_of(filled.settings, mode, lambda: _sync(filled.before_news))
    assert plan.sequential() <= {"epoch"}
    assert "messages_changed" in {scan.get("Index Name") for scan in plan.nodes()}
    # Found, and written out.
    assert plan.read("messages") == 2 * NEWS


def test_a_chat_that_has_news_is_told_with_its_last_message(filled: Filled, reads: Reads) -> None:
    assert _sync(filled.before_news) == ["chat:updated"] * NEWS + ["message:new"] * NEWS
    assert reads.by_index["messages"] == 3 * NEWS
    assert reads.sequential.keys() <= {"epoch"}


def _sync(cursor: str) -> list[str]:
    return [event.type for event in sync(ME, SyncQuery(cursor=cursor)).events]


@pytest.mark.parametrize(
    ("actor", "query", "matches", "read"),
    [
        (FEW, {"q": "meetings"}, PAGE - 1, 1_008),
        (FEW, {"q": "meetings", "order": "rank"}, PAGE - 1, 1_008),
        (FEW, {"q": "meetings", "chat_id": LONG}, PAGE - 1, 1_000),
        (FEW, {"q": "meetings", "sender_id": ME.user_id}, 0, 1_008),
        (FEW, {"q": "meetings", "message_type": "image"}, 0, 1_008),
        (FEW, {"q": "quartz"}, 20, 20),
        (FEW, {"q": "quartz meeting", "chat_id": LONG}, 20, 20),
        (FEW, {"q": "quartz beginning"}, 0, 0),
        (FEW, {"q": "nowhere"}, 0, 0),
        (ME, {"q": "beginnings"}, PAGE - 1, MINE),
        (ME, {"q": "nowhere"}, 0, 0),
        # Everybody's, but not theirs.
        (Actor(user_id=PEOPLE, session_id=PEOPLE), {"q": "meetings", "chat_id": LONG}, 0, 0),
    ],
)
def test_a_search_reads_what_matches_in_the_callers_chats(
    filled: Filled, actor: Actor, query: dict[str, Any], matches: int, read: int
) -> None:
    found = []
    # It is planned for its values each time.
    plan = plan_of(
        filled.settings,
        "force_custom_plan",
        lambda: found.extend(search(actor, MessageSearchQuery(**query))[0].messages),
    )
    assert len(found) == matches
    assert "messages" not in plan.sequential()
    by_words = [scan for scan in plan.scans("messages") if scan["Node Type"] == "Bitmap Heap Scan"]
    assert {node["Index Name"] for node in plan.nodes() if node["Node Type"] == "Bitmap Index Scan"} >= {
        "messages_searched"
    }
    # Before PostgreSQL 18 a step's rows are told as a whole number a run.
    rounded = [scan for scan in by_words if isinstance(scan["Actual Rows"], int)]
    written_out = min(read, RANKED if query.get("order") == "rank" else PAGE) if matches else 0
    assert abs(plan.read("messages") - read - written_out) <= sum(scan["Actual Loops"] for scan in rounded) / 2


# As where much was loaded and nothing was analysed yet.
_FORGET: LiteralString = """
DELETE FROM pg_statistic;
UPDATE pg_class SET reltuples = -1, relpages = 0
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')
"""


@pytest.mark.parametrize("before", ["", _FORGET], ids=["analysed", "never analysed"])
@pytest.mark.parametrize(
    ("actor", "query", "most"),
    [
        # Twenty for each that is wanted, by the index, and three times by going back; shares are rounded up.
        (ME, {"q": "words"}, 4 * 20 * PAGE + 3 * MINE),
        (FEW, {"q": "words"}, 4 * 20 * PAGE + 3 * 3),
        (FEW, {"q": "words", "chat_id": LONG}, 4 * 20 * PAGE + 3),
        # A page far down, where the whole chat is between it and the newest message.
        (FEW, {"q": "words", "chat_id": LONG, "cursor": write_cursor(0.0, 1_000)}, 4 * 20 * PAGE + 3),
    ],
)
def test_what_every_message_says_is_found_without_reading_all(
    filled: Filled, actor: Actor, query: dict[str, Any], most: int, before: LiteralString
) -> None:
    found: list[Message] = []
    with trial(filled.settings):
        tries = statements_of(lambda: found.extend(search(actor, MessageSearchQuery(**query))[0].messages))
        newest = [message.id for message in found]
    assert len(tries) == 1
    assert newest == sorted(newest, reverse=True)
    assert len(newest) == PAGE - 1
    with (
        psycopg.connect(filled.settings.database_url, autocommit=True) as connection,
        connection.transaction(force_rollback=True),
    ):
        connection.execute(before)
        plan = explain(connection, tries[0], "force_custom_plan")
    assert "messages" not in plan.sequential()
    assert plan.read("messages") <= most + 2 * PAGE


def test_the_list_of_500_chats_is_one_statement_a_page(filled: Filled, mode: Mode) -> None:
    plan = plan_of(filled.settings, mode, lambda: list_chats(ME, ChatQuery()))
    assert plan.sequential() == set()
    assert plan.read("chats") == plan.read("members") == MINE
    assert plan.discarded == 0


def test_and_reads_one_message_for_each_chat_on_it(reads: Reads) -> None:
    listed = list_chats(ME, ChatQuery())
    assert len(listed.chats) == PAGE - 1
    assert {chat.unread_count for chat in listed.chats} == {LONG_LENGTH + 1, EACH + 1, EACH}
    assert reads.by_index["messages"] == PAGE
    assert reads.sequential == {}


def test_reading_10_000_messages_writes_the_mark_and_one_step(reads: Reads) -> None:
    assert mark_read(ME, LONG, None).read_seq == LONG_LENGTH + 1
    assert reads.written == {"members": 1, "read_steps": 1}
    # The one that both watermarks lead to, which the receipts name.
    assert reads.by_index["messages"] == 1
    assert reads.sequential == {}
