"""Replies carry a quote of what they answer, and `around` leads there."""

from typing import Any

import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server

Wire = dict[str, Any]


def _around(who: Person, chat: int, seq: int, **query: Any) -> tuple[list[int], Wire]:
    answer = who.http.get(f"/chats/{chat}/messages", params={"around": seq, **query})
    assert answer.status_code == 200, answer.text
    page: Wire = answer.json()
    return [message["seq"] for message in page["messages"]], page


def test_a_reply_quotes_what_it_answers(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob)
    question = alice.send(chat, "Когда? " * 100)
    assert question["quote"] is None
    ears = alice.socket()
    answer = bob.http.post("/messages", json={"chatId": chat, "content": "at nine", "replyTo": question["id"]}).json()
    assert answer["quote"] == {
        "messageId": question["id"],
        "seq": question["seq"],
        "senderId": alice.id,
        "messageType": "text",
        "content": question["content"][:200],
        "isDeleted": False,
    }
    assert [user["id"] for user in answer["users"]] == [alice.id], "whom it quotes"
    heard = ears.wait_for("message:new")
    assert heard["data"]["quote"] == answer["quote"]
    assert {user["id"] for user in heard["users"]} == {alice.id, bob.id}
    for path in (f"/messages/{answer['id']}", f"/chats/{chat}"):
        found = alice.http.get(path).json()
        assert (found.get("lastMessage") or found)["quote"] == answer["quote"]
    assert alice.history(chat)[0]["quote"] == answer["quote"]
    again = {"chatId": chat, "content": "x", "replyTo": question["id"], "clientMessageId": "again"}
    first, second = (bob.http.post("/messages", json=again).json() for _ in range(2))
    assert first["quote"] == second["quote"] == answer["quote"]


def test_a_quote_is_of_the_text_of_now(alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob)
    question = alice.send(chat, "When?")
    bob.send(chat, "at nine", replyTo=question["id"])
    alice.http.patch(f"/messages/{question['id']}", json={"content": "Where?"}).raise_for_status()
    assert bob.history(chat)[0]["quote"]["content"] == "Where?"
    alice.http.delete(f"/messages/{question['id']}").raise_for_status()
    quote = bob.history(chat)[0]["quote"]
    assert (quote["content"], quote["isDeleted"], quote["senderId"]) == ("", True, alice.id)
    reply = bob.send(chat, "hello?", replyTo=question["id"])
    assert (reply["quote"]["content"], reply["quote"]["isDeleted"]) == ("", True)


def test_what_has_expired_is_quoted_no_more(server: Server, alice: Person, person: Register) -> None:
    bob = person("bob")
    chat = alice.chat_with(bob)
    question = alice.send(chat, "a secret")
    bob.send(chat, "hm", replyTo=question["id"])
    server.sql("UPDATE messages SET expires_at = now() - interval '1 second' WHERE id = %s", question["id"])
    quote = bob.history(chat)[0]["quote"]
    assert (quote["content"], quote["isDeleted"]) == ("", True)


def test_around_leads_to_a_message_with_its_surroundings(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="notes")
    server.write_many(chat, alice.id, "note", 40)
    last = alice.http.get(f"/chats/{chat}").json()["lastSeq"]
    seqs, page = _around(alice, chat, 20, limit=10)
    assert seqs == list(range(25, 15, -1)), "five newer, itself, and four older"
    assert page["hasMore"] is True
    older = alice.http.get(f"/chats/{chat}/messages", params={"cursor": page["nextCursor"], "limit": 3}).json()
    assert [message["seq"] for message in older["messages"]] == [15, 14, 13]
    newer = alice.history(chat, after=seqs[0], limit=2)
    assert [message["seq"] for message in newer] == [26, 27]
    assert _around(alice, chat, last, limit=5)[0] == [last, last - 1, last - 2]
    assert _around(alice, chat, 1, limit=5) == ([3, 2, 1], {**_around(alice, chat, 1, limit=5)[1], "hasMore": False})
    assert _around(alice, chat, 7, limit=1)[0] == [7]
    assert _around(alice, chat, last + 500, limit=4)[0] == [last, last - 1]


def test_around_is_for_members(alice: Person, person: Register) -> None:
    chat = alice.chat_with(person("bob"))
    mallory = person("mallory")
    assert refusal(mallory.http.get(f"/chats/{chat}/messages?around=1")) == (404, "not_found")


@pytest.mark.parametrize("query", [{"around": "x"}, {"around": "-1"}, {"around": 1, "before": 5}])
def test_what_is_no_place(alice: Person, person: Register, query: Wire) -> None:
    chat = alice.chat_with(person("bob"))
    ((field, _),) = refused_fields(alice.http.get(f"/chats/{chat}/messages", params=query))
    assert field == "around"


def test_a_page_that_is_too_large_keeps_its_middle(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="long")
    server.write_many(chat, alice.id, "\x01" * 10_000, 100)
    seqs, page = _around(alice, chat, 50, limit=100)
    assert 50 in seqs
    assert seqs == list(range(seqs[0], seqs[-1] - 1, -1)), "without a gap"
    assert len(seqs) < 100
    assert page["hasMore"] is True
