"""History before a message, by its id, and before a time, in one statement whatever the length of the chat."""

import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.people import Person
from tests.support.server import Server


@pytest.fixture
def chat(server: Server, alice: Person, bob: Person) -> int:
    """A chat of 300 messages, a minute apart, of which one in seven is gone."""
    chat = alice.chat_with(bob)
    server.write_many(chat, alice.id, "x", 300)
    server.sql(
        "UPDATE messages SET created_at = '2026-01-01T00:00:00.123456Z'::timestamptz + seq * interval '1 minute'"
        " WHERE chat_id = %s",
        chat,
    )
    server.sql("DELETE FROM messages WHERE chat_id = %s AND seq %% 7 = 0", chat)
    return chat


def _seqs(who: Person, chat: int, **query: object) -> list[int]:
    return [message["seq"] for message in who.history(chat, **query)]


def test_before_a_message(alice: Person, bob: Person, chat: int) -> None:
    by_seq = {message["seq"]: message for message in bob.history(chat, limit=100)}
    assert _seqs(bob, chat, beforeId=by_seq[250]["id"], limit=3) == [249, 248, 247]
    elsewhere = alice.send(alice.chat_with(bob, name="other"), "x")["id"]
    assert _seqs(bob, chat, beforeId=elsewhere) == []


@pytest.mark.parametrize("seq", [1, 2, 8, 100, 299, 300])
def test_before_a_time(server: Server, bob: Person, chat: int, seq: int) -> None:
    [(time,)] = server.sql("SELECT wire_time(created_at) FROM messages WHERE chat_id = %s AND seq = %s", chat, seq)
    expected = [each for each in range(seq - 1, 0, -1) if each % 7][:3]
    assert _seqs(bob, chat, beforeTime=time, limit=3) == expected, "a message's own time leaves it out"


def test_before_and_after_all(bob: Person, chat: int) -> None:
    assert _seqs(bob, chat, beforeTime="2025-01-01T00:00:00Z") == []
    assert _seqs(bob, chat, beforeTime="2030-01-01T00:00:00+03:00", limit=1) == [300]


def test_refusals(alice: Person, carol: Person, chat: int) -> None:
    path = f"/chats/{chat}/messages"
    for query in ({"beforeTime": "2030-01-01T00:00:00Z"}, {"beforeId": 1}):
        assert refusal(carol.http.get(path, params=query)) == (404, "not_found")
    both = alice.http.get(path, params={"beforeId": 1, "before": 5})
    assert refused_fields(both) == [("beforeId", "contradiction")]
    assert refusal(alice.http.get(path, params={"beforeTime": "yesterday"})) == (400, "invalid_input")
