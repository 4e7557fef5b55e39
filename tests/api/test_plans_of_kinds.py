"""What polls and threads cost in a large database, in which others have voted and replied much."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Reads, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.core.paging import Page
from chalicelib.features.messages.delete import delete
from chalicelib.features.messages.kinds import details_of
from chalicelib.features.messages.schemas import PollInput, SendInput
from chalicelib.features.messages.send import send
from chalicelib.features.messages.threads import mark_thread, thread, threads
from chalicelib.features.polls.vote import close, poll, vote
from tests.support.plans import filled

PEOPLE = 400
CHATS = 2_000
EACH = 20
VOTERS = 20
CHAT = 7
ME = Actor(user_id=1, session_id=1)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    yield from filled(_fill)


def _fill(loader: Loader, connection: psycopg.Connection[Any]) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, CHATS)
    loader.members(1, CHATS, user_ids=list(range(1, VOTERS + 1)))
    loader.messages(1, CHATS, seqs=range(1, EACH + 1), sender_id=1)
    # The first message of each chat heads a thread of all others but the last. Every second one is of somebody else.
    connection.execute("UPDATE messages SET sender_id = 2 WHERE seq %% 2 = 0 AND seq < %s", [EACH])
    connection.execute(
        "UPDATE messages m SET thread_id = h.id FROM messages h WHERE h.chat_id = m.chat_id AND h.seq = 1"
    )
    connection.execute("INSERT INTO threads SELECT id, 1, %s, %s FROM chats", [EACH - 2, EACH - 1])
    connection.execute(
        "INSERT INTO thread_replies SELECT chat_id, 1, seq FROM messages WHERE seq BETWEEN 2 AND %s", [EACH - 1]
    )
    connection.execute(
        "INSERT INTO thread_marks SELECT user_id, m.id, m.chat_id, 1, 1"
        " FROM members JOIN messages m USING (chat_id) WHERE m.seq = 1"
    )
    details = details_of(SendInput(chat_id=1, poll=PollInput(options=["a", "b"], is_multiple=True)))
    connection.execute(
        "UPDATE messages SET message_type = 'poll', details = %s::jsonb WHERE seq = %s", [details, EACH]
    )
    connection.execute(
        "INSERT INTO poll_votes (chat_id, seq, user_id, options)"
        " SELECT chat_id, seq, user_id, ARRAY[user_id %% 2]::smallint[]"
        " FROM messages JOIN members USING (chat_id) WHERE seq = %s",
        [EACH],
    )
    connection.execute("UPDATE messages SET details = counted_poll(details, chat_id, seq) WHERE seq = %s", [EACH])
    loader.finish()
    connection.execute("ANALYZE poll_votes, threads, thread_replies, thread_marks")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("change", [False, True], ids=["vote", "close"])
def test_a_poll_reads_its_own_votes_only(database_url: str, mode: Mode, change: bool) -> None:
    message_id = _id_of(database_url, EACH)
    with trial(Settings(database_url=f"{database_url}?options=-c%20plan_cache_mode%3D{mode}")):
        read = Reads()
        if change:
            close(ME, message_id)
        else:
            # What the loader wrote for user 1 was for the second option.
            vote(ME, message_id, [0])
            assert poll(ME, message_id).poll.voter_count == VOTERS
        assert read.sequential.keys() <= {"epoch"}
        by_index = read.by_index
        assert by_index.get("poll_votes", 0) <= 6 * VOTERS, "counted, and listed for each option"
        assert by_index["messages"] <= 10
        written = read.written
    assert written["messages"] == 1


THREADS: dict[str, tuple[Callable[[int, int], object], int]] = {
    # The replies of a page and the one after it, what is unread, the head, and the last reply, once for what it says
    # and once for whom it names.
    "thread": (lambda head, _: thread(ME, head, Page(limit=10)), 11 + EACH // 2 + 15),
    "threads": (lambda *_: threads(ME, CHAT, Page(limit=10)), EACH // 2 + 15),
    "read": (lambda head, _: mark_thread(ME, head, 20), EACH // 2 + 15),
    "reply": (lambda head, _: send(ME, SendInput(chat_id=CHAT, content="x", reply_to=head), "socket"), 16),
    "deletion": (lambda _, reply: delete(ME, reply, "everyone"), 16),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("do", "most"), THREADS.values(), ids=THREADS)
def test_a_thread_reads_its_own_messages_only(
    database_url: str, mode: Mode, do: Callable[[int, int], object], most: int
) -> None:
    head, reply = _id_of(database_url, 1), _id_of(database_url, 3)
    with trial(Settings(database_url=f"{database_url}?options=-c%20plan_cache_mode%3D{mode}")):
        read = Reads()
        do(head, reply)
        assert read.sequential == {}
        by_index = read.by_index
    assert by_index["messages"] <= most
    assert by_index.get("thread_replies", 0) <= 2 * EACH
    assert by_index.get("threads", 0) <= 6
    assert by_index.get("thread_marks", 0) <= 3


def _id_of(database_url: str, seq: int) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT id FROM messages WHERE chat_id = %s AND seq = %s", [CHAT, seq]).fetchone()
    assert row is not None
    return int(row[0])
