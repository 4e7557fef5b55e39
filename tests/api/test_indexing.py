"""Indexing for search comes after the send: nobody misses a message meanwhile, and within seconds it is done."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.core import clock
from chalicelib.features.messages import indexing
from chalicelib.realtime import publish
from local.processes import wait_until
from tests.support.people import Person
from tests.support.server import Server


def _waiting(server: Server) -> list[tuple[Any, ...]]:
    return server.sql("SELECT chat_id, seq FROM unindexed_messages ORDER BY chat_id, seq")


def _found(who: Person, q: str, **query: Any) -> list[str]:
    answer = who.http.get("/messages/search", params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return [message["content"] for message in answer.json()["messages"]]


def _index(server: Server) -> None:
    server.stack.triggers.fire_schedule("sweep")


@pytest.fixture
def chat(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob)


@pytest.mark.parametrize("order", ["newest", "rank"])
def test_search_finds_a_message_before_and_after_it_is_indexed(
    server: Server, alice: Person, bob: Person, chat: int, order: str
) -> None:
    alice.send(chat, "the first meeting")
    _index(server)
    bob.send(chat, "a second meeting, of all meetings the best")
    assert _waiting(server) == [(chat, 2)]
    before = _found(alice, "meetings", order=order)
    assert sorted(before) == ["a second meeting, of all meetings the best", "the first meeting"]
    _index(server)
    assert _waiting(server) == []
    assert server.sql("SELECT FROM messages WHERE searched IS NULL") == []
    assert _found(alice, "meetings", order=order) == before


def test_pages_hold_what_is_indexed_and_what_is_not_once(server: Server, alice: Person, chat: int) -> None:
    for number in range(12):
        alice.send(chat, f"word {number}")
        if number in {3, 7}:
            _index(server)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = alice.http.get("/messages/search", params={"q": "word", "limit": 5, **cursor}).json()
        seen += [message["content"] for message in page["messages"]]
        if not page["hasMore"]:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == [f"word {number}" for number in reversed(range(12))]


def test_nobody_finds_what_waits_in_a_chat_of_others(alice: Person, carol: Person, chat: int) -> None:
    alice.send(chat, "a secret")
    assert _found(carol, "secret") == []


def test_what_was_edited_or_deleted_meanwhile_is_found_as_it_is(server: Server, alice: Person, chat: int) -> None:
    edited, deleted = alice.send(chat, "apples")["id"], alice.send(chat, "pears")["id"]
    alice.http.put(f"/messages/{edited}", json={"content": "plums"}).raise_for_status()
    alice.http.delete(f"/messages/{deleted}").raise_for_status()
    for _ in range(2):
        assert [_found(alice, word) for word in ("apples", "pears", "plums")] == [[], [], ["plums"]]
        _index(server)
    alice.http.put(f"/messages/{edited}", json={"content": "cherries"}).raise_for_status()
    assert (_found(alice, "plums"), _found(alice, "cherries")) == ([], ["cherries"])
    assert _waiting(server) == []


def test_indexing_is_no_news_to_anybody(server: Server, alice: Person, bob: Person, chat: int) -> None:
    alice.send(chat, "hello")
    cursor = bob.http.get("/sync").json()["nextCursor"]
    before = server.sql("SELECT changed, updated_at FROM messages")
    _index(server)
    assert server.sql("SELECT changed, updated_at FROM messages") == before
    assert bob.http.get("/sync", params={"cursor": cursor}).json()["events"] == []


def test_what_is_left_of_a_chat_that_is_gone_is_done_with(server: Server, alice: Person, chat: int) -> None:
    alice.send(chat, "hello")
    server.sql("DELETE FROM messages")
    _index(server)
    assert _waiting(server) == []


def test_statements_that_know_nothing_of_it_are_indexed_at_once(server: Server, alice: Person, chat: int) -> None:
    """As version 0.1.0 writes, where the column was generated, and as it searches."""
    server.sql(
        "INSERT INTO messages (chat_id, seq, sender_id, message_type, content) VALUES (%s, 1, %s, 'text', 'apples')",
        chat,
        alice.id,
    )
    assert _waiting(server) == []
    matches = "SELECT seq FROM messages WHERE searched @@ query_of_chat(chat_id, lexemes_of(%s))"
    assert server.sql(matches, "apple") == [(1,)]
    server.sql("UPDATE messages SET content = 'pears'")
    assert (server.sql(matches, "apple"), server.sql(matches, "pear")) == ([], [(1,)])


def test_a_message_is_indexed_within_seconds(server: Server, alice: Person, chat: int) -> None:
    with server.settings(index_seconds=1):
        alice.send(chat, "hello")
        assert wait_until(lambda: _waiting(server) == [], seconds=20)


@pytest.fixture
def requests(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How late each request for indexing is to be carried out, in a container that has made none."""
    made: list[int] = []
    monkeypatch.setattr(publish, "index_later", made.append)
    monkeypatch.setattr(indexing._Container, "covered_until", 0.0)
    with server.settings(index_seconds=3):
        yield made


def test_one_request_covers_what_is_sent_until_it_is_carried_out(
    requests: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for moment in (100.0, 100.5, 101.9, 102.0, 102.1, 110.0):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        indexing.soon()
    assert requests == [3, 3, 3]


def test_without_a_delay_the_sweep_alone_indexes(
    server: Server, requests: list[int], alice: Person, chat: int
) -> None:
    with server.settings(index_seconds=0):
        alice.send(chat, "hello")
        indexing.soon()
    assert requests == []
    assert _waiting(server) == [(chat, 1)]


def test_what_was_indexed_when_search_knew_less_is_indexed_anew(
    server: Server, alice: Person, bob: Person, chat: int
) -> None:
    """As a database of version 0.2.0 is after its migration."""
    for text in ("Café", "word", "+7 (921) 123-45-67"):
        alice.send(chat, text)
    _index(server)
    server.sql(
        "UPDATE messages SET searched = array_to_tsvector(array("
        " SELECT chat_id || ':' || word.lexeme FROM unnest(to_tsvector('pg_catalog.russian', content)) word))"
        " WHERE searched <> array_to_tsvector(array("
        " SELECT chat_id || ':' || word.lexeme FROM unnest(to_tsvector('pg_catalog.russian', content)) word))"
    )
    server.sql("INSERT INTO indexed_anew (after_id, until_id) SELECT 0, max(id) FROM messages")
    cursor = bob.http.get("/sync").json()["nextCursor"]
    searches = ("cafe", "word", "9211234567")
    assert [_found(alice, q) for q in searches] == [[], ["word"], []]
    alice.send(chat, "newer")
    for _ in range(2):
        _index(server)
    assert [_found(alice, q) for q in searches] == [["Café"], ["word"], ["+7 (921) 123-45-67"]]
    assert server.sql("SELECT FROM indexed_anew") == []
    events = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert {event["data"]["content"] for event in events if "content" in event["data"]} == {"newer"}
