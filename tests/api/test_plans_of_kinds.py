"""What a poll costs in a large database, in which others have voted much."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Reads, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.features.messages.kinds import details_of
from chalicelib.features.messages.schemas import PollInput, SendInput
from chalicelib.features.polls.vote import close, poll, vote
from tests.support.plans import own_database

PEOPLE = 400
CHATS = 200
EACH = 50
VOTERS = 100
ME = Actor(user_id=1, session_id=1)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    with own_database() as (url, connection):
        _fill(Loader(connection), connection)
        yield url


def _fill(loader: Loader, connection: psycopg.Connection[Any]) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, CHATS)
    loader.members(1, CHATS, user_ids=list(range(1, VOTERS + 1)))
    loader.messages(1, CHATS, seqs=range(1, EACH + 1), sender_id=1)
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
    connection.execute("ANALYZE poll_votes")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("change", [False, True], ids=["vote", "close"])
def test_a_poll_reads_its_own_votes_only(database_url: str, mode: Mode, change: bool) -> None:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT id FROM messages WHERE chat_id = 7 AND seq = %s", [EACH]).fetchone()
    assert row is not None
    message_id = int(row[0])
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
