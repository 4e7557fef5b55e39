"""What the verbs on messages read of a large database in which others have written and hidden much."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Plan, Reads, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.core.paging import Page
from chalicelib.features.messages.delete import delete
from chalicelib.features.messages.edit import edit, edits
from chalicelib.features.messages.forward import forward
from chalicelib.features.messages.history import history
from chalicelib.features.messages.pins import pin, pins
from chalicelib.features.messages.reactions import react
from chalicelib.features.messages.schemas import EditInput, ForwardInput, HistoryQuery, SendInput
from chalicelib.features.messages.send import send
from tests.support.plans import filled, plan_of

PEOPLE = 2_000
CHATS = 1_000
EACH = 100
MEMBERS = 4
# The chats up to this one are mine, and all messages too.
MINE = 50
# Here I have hidden the messages from 41 to 60.
HIDDEN = 1
TARGETS = [2, 3, 4]
PAGE = 51  # fifty, and the one that tells whether there are more
ME = Actor(user_id=1, session_id=1)

VERBS: dict[str, Callable[[int], object]] = {
    "send with a mention": lambda _: send(ME, SendInput(chat_id=HIDDEN, content="hello", mentions=[1]), "socket"),
    "edit": lambda message: edit(ME, message, EditInput(content="new", mentions=[1])),
    "delete": lambda message: delete(ME, message, "everyone"),
    "delete for me": lambda message: delete(ME, message, "me"),
    "react": lambda message: react(ME, message, "👍"),
    "unpin": lambda message: pin(ME, message, remove=True),
    "forward": lambda message: forward(ME, message, ForwardInput(chat_ids=TARGETS, client_message_id="f1"), "http"),
}


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    yield from filled(_fill)


def _fill(loader: Loader, connection: psycopg.Connection[Any]) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, CHATS)
    loader.members(1, MINE, user_ids=[1])
    loader.strangers(1, CHATS, among=range(2, PEOPLE), each=MEMBERS - 1)
    loader.messages(1, CHATS, seqs=range(1, EACH + 1), sender_id=1)
    connection.execute("UPDATE members SET role = 'owner' WHERE user_id = 1")
    connection.execute(
        "INSERT INTO hidden_messages (user_id, chat_id, seq)"
        " SELECT user_id, chat_id, seq FROM messages JOIN members USING (chat_id) WHERE user_id <> 1 AND seq % 4 = 0"
    )
    connection.execute(
        "INSERT INTO hidden_messages (user_id, chat_id, seq) SELECT 1, %s, n FROM generate_series(41, 60) n", [HIDDEN]
    )
    connection.execute(
        "INSERT INTO message_edits (chat_id, seq, edited_at, content)"
        " SELECT chat_id, seq, created_at + n * interval '1 second', 'before'"
        " FROM messages, generate_series(1, 5) n WHERE seq % 10 = 0"
    )
    connection.execute("UPDATE messages SET pinned_at = created_at WHERE seq % 10 = 0")
    connection.execute("INSERT INTO attachments (upload_id, chat_id, seq) SELECT 1, chat_id, seq FROM messages")
    loader.finish()


@pytest.fixture(params=MODES)
def explained(request: pytest.FixtureRequest, database_url: str) -> Callable[[Callable[[], object]], Plan]:
    """The plan of the statement that a call of a feature runs, with the values that it has there."""
    mode: Mode = request.param

    return partial(plan_of, Settings(database_url=database_url), mode)


Explained = Callable[[Callable[[], object]], Plan]


def _message_id(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT id FROM messages WHERE chat_id = %s AND seq = 100", [HIDDEN]).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("query", [HistoryQuery(), HistoryQuery(after=0)], ids=["before", "after"])
def test_a_page_steps_over_what_is_hidden(database_url: str, mode: Mode, query: HistoryQuery) -> None:
    with trial(Settings(database_url=f"{database_url}?options=-c%20plan_cache_mode%3D{mode}")):
        read = Reads()
        history(ME, HIDDEN, query)
        by_index = read.by_index
        assert read.sequential == {}
    assert by_index["messages"] == PAGE + 20
    # The index alone answers for them, but for rows that no vacuum has seen.
    assert by_index.get("hidden_messages", 0) <= 20


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_verb_reads_its_own_message_and_chat_only(
    database_url: str, explained: Explained, verb: Callable[[int], object]
) -> None:
    message_id = _message_id(database_url)
    plan = explained(lambda: verb(message_id))
    chats = len(TARGETS)
    assert plan.sequential() == set()
    assert plan.read("messages") <= 2
    assert plan.read("chats") <= 4 * chats
    assert plan.read("members") <= chats * (5 + MEMBERS)
    assert plan.read("attachments") <= chats
    assert plan.read("message_edits") <= 5
    assert plan.discarded <= 2 * chats * MEMBERS, "of lists of three, compared with each other"


def test_edits_and_pins_are_read_off_their_index(database_url: str, explained: Explained) -> None:
    message_id = _message_id(database_url)
    plan = explained(lambda: edits(ME, message_id, Page(limit=2)))
    assert plan.sequential() == set()
    assert plan.read("message_edits") == 3
    plan = explained(lambda: pins(ME, HIDDEN, Page(limit=2)))
    assert plan.sequential() == set()
    assert plan.read("messages") == 3
