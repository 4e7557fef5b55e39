"""What statements read in a large database, counted: it must not grow with what other people have written.

The statements are the features' own, with values typed as they are sent, each as it is planned for its values and as
it is planned for any.
"""

from collections.abc import Callable, Iterator
from functools import partial

import msgspec
import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Plan, Reads, trial
from chalicelib.core import context
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.core.ratelimit import Policy
from chalicelib.features.chats.listing import list_chats
from chalicelib.features.chats.schemas import ChatQuery
from chalicelib.features.messages import history, receipts, send
from chalicelib.features.messages.delete import delete
from chalicelib.features.messages.schemas import HistoryQuery, SendInput
from chalicelib.features.people import store as people
from tests.support.plans import own_database, plan_of

PEOPLE = 20_000
CHATS = 2_000
MESSAGES_EACH = 100
MEMBERS = 4
# Chats in which nobody has written: mine are few among them, to be looked up and not searched for.
IDLE = 40_000
# The chats up to this one are mine.
LISTED = 60
# A chat that has long been quiet: all that others wrote is newer.
QUIET = 1
QUIET_LENGTH = 5_000
PAGE = 51  # fifty, and the one that tells whether there are more
ME = Actor(user_id=1, session_id=1)

Explained = Callable[[Callable[[], object]], Plan]


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with own_database() as (url, connection):
        _fill(Loader(connection))
        yield url


def _fill(loader: Loader) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, CHATS + IDLE)
    loader.members(QUIET, QUIET, user_ids=[1, 2])
    loader.members(2, LISTED, user_ids=[1])
    loader.strangers(2, CHATS + IDLE, among=range(2, PEOPLE), each=MEMBERS - 1)
    loader.messages(QUIET, QUIET, seqs=range(1, QUIET_LENGTH + 1), sender_id=2, since="2025-01-01")
    loader.messages(2, CHATS, seqs=range(1, MESSAGES_EACH + 1), sender_id=3)
    loader.finish()


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> Mode:
    chosen: Mode = request.param
    return chosen


@pytest.fixture
def read(database_url: str, mode: Mode) -> Iterator[Reads]:
    """What the features read of the large database, with all plans of one mode."""
    with trial(
        Settings(database_url=f"{database_url}?options=-c%20plan_cache_mode%3D{mode}", sends_socket=1_000_000)
    ):
        yield Reads()


@pytest.fixture
def explained(database_url: str, mode: Mode) -> Explained:
    """The plan of the statement that a call of a feature runs, with the values that it has there."""

    return partial(plan_of, Settings(database_url=database_url, sends_socket=1_000_000), mode)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (HistoryQuery(), PAGE),
        (HistoryQuery(before=2_500), PAGE),
        (HistoryQuery(skip=2_500), PAGE),
        (HistoryQuery(after=0), PAGE),
        (HistoryQuery(after=2_500), PAGE),
        (HistoryQuery(after=QUIET_LENGTH - 10), 10),
    ],
    ids=str,
)
def test_a_page_of_a_quiet_chat_reads_the_messages_it_gives(read: Reads, query: HistoryQuery, rows: int) -> None:
    history.history(ME, QUIET, query)
    by_index = read.by_index
    assert read.sequential == {}
    assert by_index["messages"] == rows


@pytest.mark.parametrize("query", [HistoryQuery(), HistoryQuery(before=50), HistoryQuery(after=20)], ids=str)
def test_a_page_of_a_busy_chat_reads_no_other_chat(read: Reads, query: HistoryQuery) -> None:
    history.history(ME, LISTED, query)
    assert read.sequential == {}
    assert read.by_index["messages"] <= PAGE


def test_what_clients_of_others_read_besides_goes_through_no_table(read: Reads) -> None:
    context.current().extras = frozenset({"reads", "unread", "passed"})
    text = msgspec.json.encode(history.history(ME, QUIET, HistoryQuery()))
    assert text.count(b'"reads":[') == PAGE - 1
    assert read.sequential == {}
    assert read.by_index["messages"] == PAGE
    receipts.mark_read(ME, QUIET, None)
    # The last hundred that were read, the last hundred that so arrived, and the newest.
    assert read.by_index["messages"] <= PAGE + 201
    sent = send.send(ME, SendInput(chat_id=QUIET, content="soon gone"), "socket").message
    before = read.by_index["messages"]
    delete(ME, sent.id, "everyone")
    assert read.sequential == {}
    assert read.by_index["messages"] - before <= 110


def test_a_page_reads_no_more_than_it_gives(read: Reads) -> None:
    page = history.history(ME, QUIET, HistoryQuery())
    assert len(page.messages) == PAGE - 1
    by_index = read.by_index
    assert read.sequential == {}
    assert by_index["messages"] == PAGE


def test_one_message_is_found_by_its_id(database_url: str, read: Reads) -> None:
    assert history.access_message(ME, _message_id(database_url, QUIET)).seq == 77
    assert read.sequential == {}
    assert read.by_index["messages"] == 1


@pytest.mark.parametrize("chat_id", [QUIET, LISTED])
def test_sending_goes_through_no_table(database_url: str, read: Reads, chat_id: int) -> None:
    message = SendInput(
        chat_id=chat_id,
        content="hello",
        client_message_id="fresh",
        reply_to=_message_id(database_url, chat_id),
        attachments=[ME.user_id],
    )
    send.send(ME, message, "socket")
    by_index = read.by_index
    # The allowances of a database in which nobody else sends are a page.
    assert read.sequential.keys() <= {"allowances"}
    # What is answered is looked up, becomes the head of a thread, and is told with its last reply.
    assert by_index["messages"] <= 6
    assert by_index["members"] <= 5 + 3 * MEMBERS
    assert read.written == {
        **dict.fromkeys(("allowances", "chats", "unindexed_messages", "attachments", "members"), 1),
        "messages": 2,
        "threads": 1,
        "read_steps": 1,
        "thread_replies": 1,
    }


def test_sending_reads_its_own_chat_only(read: Reads) -> None:
    sent = send.send(ME, SendInput(chat_id=LISTED, content="hello", client_message_id="fresh"), "socket")
    assert sent.message.seq == MESSAGES_EACH + 1
    by_index = read.by_index
    assert read.sequential.keys() <= {"allowances"}
    assert by_index.get("messages", 0) == 0
    assert by_index["chats"] <= 5
    assert by_index["members"] <= 3 + 2 * MEMBERS


def test_marking_as_read_touches_one_row_whatever_the_number_of_messages(read: Reads) -> None:
    assert receipts.mark_read(ME, QUIET, None).read_seq == QUIET_LENGTH
    by_index = read.by_index
    assert read.sequential == {}
    # The one that both watermarks lead to, which the receipts name.
    assert by_index["messages"] == 1
    assert read.written == {"members": 1, "read_steps": 1}


def test_the_chat_list_looks_up_its_own_chats_only(explained: Explained) -> None:
    plan = explained(lambda: list_chats(ME, ChatQuery()))
    assert plan.sequential() == set()
    assert plan.read("chats") == LISTED
    assert plan.read("members") == LISTED


def test_the_chat_list_counts_unread_messages_without_reading_them(read: Reads) -> None:
    listed = list_chats(ME, ChatQuery())
    assert [chat.unread_count for chat in listed.chats] == [MESSAGES_EACH] * (PAGE - 1)
    by_index = read.by_index
    assert read.sequential == {}
    # The last message of each chat on the page.
    assert by_index["messages"] == PAGE
    # Each of mine, and versions of them that other tests took back.
    assert by_index["chats"] <= LISTED + 5


@pytest.mark.parametrize("call", ["message_text(m, 1, 1)", "message_people(m)", "chat_text(c, me, m, 20)"])
def test_rows_become_json_within_the_statement_that_reads_them(database_url: str, call: str) -> None:
    # A subquery in one of these functions would have PostgreSQL start an executor for each row: eight times as slow.
    rows = "FROM members me JOIN chats c ON c.id = me.chat_id JOIN messages m ON m.chat_id = c.id LIMIT 1"
    with psycopg.connect(database_url) as connection:
        plan = connection.execute(f"EXPLAIN (VERBOSE) SELECT {call} {rows}".encode()).fetchall()
    written = "\n".join(line for (line,) in plan)
    assert call.partition("(")[0] + "(" not in written


@pytest.mark.parametrize("mode", ["force_custom_plan"])
@pytest.mark.parametrize("q", ["u", "uc4", "uc4ca4", "ю", "nobody here", "имя5", "c4ca4"])
def test_a_search_reads_little_more_than_it_finds(explained: Explained, q: str) -> None:
    plan = explained(lambda: _search(q))
    assert plan.sequential() == set()
    assert plan.read("users") <= PEOPLE / 20


def test_a_search_without_matches_reads_nobody_however_often_it_is_made(database_url: str) -> None:
    # After some times it is prepared, and its plan may be one that knows nothing of what is looked for.
    with trial(Settings(database_url=database_url, sends_socket=1_000_000)):
        read = Reads()
        for _ in range(15):
            assert _search("nobody here") == []
        assert "users" not in {**read.sequential, **read.by_index}


def _search(q: str) -> list[people.Match]:
    policy = Policy(name="searches", quota=1_000)
    return people.search(ME, q, after_name="", after_id=0, limit=PAGE, policy=policy)[1]


def _message_id(database_url: str, chat_id: int) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT id FROM messages WHERE chat_id = %s AND seq = 77", [chat_id]).fetchone()
    assert row is not None
    return int(row[0])
