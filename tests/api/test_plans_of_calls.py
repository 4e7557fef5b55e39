"""What calls cost in a large database, in which others have called much."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from bench.data import Loader
from bench.plans import MODES, Mode, Reads, trial
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.features.calls import service, store
from chalicelib.features.calls.schemas import CallAccept, CallEnd, CallQuery, CallStart
from chalicelib.features.chats.unread import unread
from tests.support.plans import filled

PEOPLE = 200
CHATS = 500
PARTIES = 4
EACH = 40
CHAT = 7
ME, OTHER = Actor(user_id=1, session_id=1), Actor(user_id=2, session_id=2)


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    yield from filled(_fill)


def _fill(loader: Loader, connection: psycopg.Connection[Any]) -> None:
    """Each group has its calls, all of which have ended; the third participant missed each tenth of them."""
    loader.people(1, PEOPLE)
    loader.groups(1, CHATS)
    loader.members(1, CHATS, user_ids=list(range(1, PARTIES + 1)))
    loader.messages(1, CHATS, seqs=range(1, EACH + 1), sender_id=1)
    connection.execute(
        "INSERT INTO calls (chat_id, caller_id, type, status, ended_at, seq)"
        " SELECT chat_id, 1, 'audio', 'ended', now(), seq FROM messages ORDER BY chat_id, seq"
    )
    connection.execute(
        "INSERT INTO call_parties (call_id, user_id, chat_id, seq, state)"
        " SELECT c.id, m.user_id, c.chat_id, c.seq,"
        " CASE WHEN m.user_id = 3 AND c.seq %% 10 = 0 THEN 'missed' ELSE 'left' END"
        " FROM calls c JOIN members m USING (chat_id)",
        [],
    )
    loader.finish()
    connection.execute("ANALYZE calls, call_parties")


def _talk() -> None:
    call = service.start(ME, CallStart(chat_id=CHAT)).call
    service.accept(OTHER, call.id, CallAccept())
    service.end(ME, call.id, CallEnd())
    service.end(OTHER, call.id, CallEnd())


THIRD = Actor(user_id=3, session_id=3)
# How many participants each may read: those of the calls of a page and the one after it, for the call and its people.
_PAGE = 11 * (3 * PARTIES + 1)
CALLS: dict[str, tuple[Callable[[], object], int]] = {
    "due": (lambda: store.due(10), 0),
    "talk": (_talk, 60 * PARTIES),
    "unread": (lambda: unread(ME), 0),
}
# A list is planned for the filters that are given.
FILTERED: dict[str, tuple[Callable[[], object], int]] = {
    "list": (lambda: service.calls(ME, CallQuery(limit=10)), _PAGE),
    "chat": (lambda: service.calls(ME, CallQuery(limit=10, chat_id=CHAT)), _PAGE),
    "missed": (lambda: service.calls(THIRD, CallQuery(limit=10, missed=True)), _PAGE),
}


@pytest.mark.parametrize(("do", "most"), FILTERED.values(), ids=FILTERED)
def test_a_list_reads_its_page_only(database_url: str, do: Callable[[], object], most: int) -> None:
    _check(database_url, "force_custom_plan", do, most)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("do", "most"), CALLS.values(), ids=CALLS)
def test_a_call_reads_its_own_participants_only(
    database_url: str, mode: Mode, do: Callable[[], object], most: int
) -> None:
    _check(database_url, mode, do, most)


def _check(database_url: str, mode: Mode, do: Callable[[], object], most: int) -> None:
    with trial(Settings(database_url=f"{database_url}?options=-c%20plan_cache_mode%3D{mode}", rate_limits=False)):
        read = Reads()
        do()
        assert not read.sequential.keys() & {"calls", "call_parties", "messages", "members"}
        by_index = read.by_index
    assert by_index.get("call_parties", 0) <= most
    assert by_index.get("calls", 0) <= 40
