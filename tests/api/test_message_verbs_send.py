"""What a send takes besides its text: mentions, the chat's rule on who may send, and its messages' lifetime."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.answers import refusal, refused_fields
from tests.support.people import Register
from tests.support.server import Server


def test_members_are_mentioned_once_each(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="three")
    message = alice.send(chat, "hello", mentions=[carol.id, bob.id, carol.id, alice.id])
    assert message["mentions"] == [carol.id, bob.id, alice.id]
    assert bob.history(chat)[0]["mentions"] == message["mentions"]
    assert alice.send(chat, "hello")["mentions"] == []


def test_nobody_else_is_mentioned(person: Register) -> None:
    alice, bob, stranger = person("alice"), person("bob"), person("stranger")
    chat = alice.chat_with(bob)
    mouth = alice.socket()
    for mentions in ([stranger.id], [bob.id, stranger.id], [10**6]):
        body = {"chatId": chat, "content": "hello", "mentions": mentions}
        assert refusal(alice.http.post("/messages", json=body)) == (422, "unknown_mention")
        assert mouth.refused("message:send", body)["code"] == "unknown_mention"
    assert bob.history(chat) == []


@pytest.mark.parametrize(
    ("mentions", "field", "code"),
    [
        (list(range(1, 52)), "mentions", "wrong_length"),
        ([0], "mentions[0]", "out_of_range"),
        (["1"], "mentions[0]", "wrong_type"),
        (1, "mentions", "wrong_type"),
    ],
)
def test_bad_mentions_are_refused(person: Register, mentions: Any, field: str, code: str) -> None:
    alice = person("alice")
    body = {"chatId": alice.chat_with(name="notes"), "content": "hello", "mentions": mentions}
    assert refused_fields(alice.http.post("/messages", json=body)) == [(field, code)]


def test_where_only_admins_write_members_do_not(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="news")
    server.sql("UPDATE members SET role = 'admin' WHERE user_id = %s", bob.id)
    earlier = carol.send(chat, "before", clientMessageId="c1")
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", chat)
    answer = carol.http.post("/messages", json={"chatId": chat, "content": "may I?"})
    assert refusal(answer) == (403, "forbidden")
    assert carol.socket().refused("message:send", {"chatId": chat, "content": "may I?"})["code"] == "forbidden"
    assert carol.send(chat, "before", clientMessageId="c1")["id"] == earlier["id"], "what is stored is stored"
    seqs = [who.send(chat, "news")["seq"] for who in (alice, bob)]
    assert seqs == [earlier["seq"] + 1, earlier["seq"] + 2]


def test_a_message_expires_when_its_chat_says(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    assert alice.send(chat, "for ever")["expiresAt"] is None
    server.sql("UPDATE chats SET message_seconds = 3600 WHERE id = %s", chat)
    message = alice.send(chat, "for an hour")
    lived = datetime.fromisoformat(message["expiresAt"]) - datetime.fromisoformat(message["createdAt"])
    assert lived == timedelta(hours=1)
    edited = alice.http.put(f"/messages/{message['id']}", json={"content": "still an hour"}).json()
    assert edited["expiresAt"] == message["expiresAt"]
