"""`clientMessageId`: a message that is sent again is stored once, whoever asks at the same moment."""

from typing import Any

import httpx

from tests.support.answers import at_once, refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server


def _send(who: Person, chat: int, name: str = "m1", **more: Any) -> httpx.Response:
    body = {"chatId": chat, "content": "once", "clientMessageId": name, **more}
    return who.http.post("/messages", json=body)


def test_sent_again_it_is_the_stored_message(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    first = _send(alice, chat)
    assert first.status_code == 201
    for again in (_send(alice, chat), _send(alice, chat, content="edited meanwhile", messageType="image")):
        assert (again.status_code, again.json()) == (200, first.json())
    assert _send(alice, chat, "m2").json()["seq"] == 2
    bob.http.post(f"/chats/{chat}/read")
    assert _send(alice, chat).json() == first.json() | {"status": "read"}
    assert len(bob.history(chat)) == 2


def test_sent_by_many_at_once_it_is_one_message(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    ears = bob.socket()
    answers = at_once(lambda _: _send(alice, chat), 20)
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    (message,) = {answer.json()["id"] for answer in answers}
    assert server.sql("SELECT id, seq FROM messages") == [(message, 1)]
    assert alice.send(chat, "next")["seq"] == 2
    ears.wait_for("message:new", content="next")
    server.settle()
    assert [event["data"]["seq"] for event in ears.events("message:new")] == [1, 2]


def test_of_two_chats_at_once_one_gets_it(server: Server, alice: Person, bob: Person, person: Register) -> None:
    chats = [alice.chat_with(bob), alice.chat_with(person("carol"))]
    answers = at_once(lambda number: _send(alice, chats[number % 2], f"m{number // 2}"), 10)
    for pair in zip(answers[::2], answers[1::2], strict=True):
        assert sorted(answer.status_code for answer in pair) == [201, 409]
        assert [refusal(answer)[1] for answer in pair if answer.is_error] == ["client_message_id_reused"]
    assert server.sql("SELECT sum(last_seq)::int FROM chats") == [(5,)]


def test_in_another_chat_it_is_refused(alice: Person, bob: Person) -> None:
    one, other = alice.chat_with(bob), alice.chat_with(bob, name="group")
    assert _send(alice, one).status_code == 201
    assert refusal(_send(alice, other)) == (409, "client_message_id_reused")
    assert _send(alice, one).status_code == 200


def test_everybody_has_their_own(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    assert [_send(who, chat).status_code for who in (alice, bob)] == [201, 201]
    assert [message["senderId"] for message in alice.history(chat)] == [bob.id, alice.id]


def test_any_text_of_64_characters_will_do(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for name in ("x" * 64, "😀" * 64, " ", "' OR 1=1"):
        answers = [_send(alice, chat, name) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [201, 200]
        assert {answer.json()["clientMessageId"] for answer in answers} == {name}


def test_longer_and_empty_ones_are_refused(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for name in ("", "x" * 65, "😀" * 65):
        assert refused_fields(_send(alice, chat, name)) == [("clientMessageId", "wrong_length")]


def test_a_repeated_send_is_answered_where_a_new_one_is_refused(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    with server.settings(rate_limits=True, sends_http=1):
        assert [_send(alice, chat).status_code for _ in range(3)] == [201, 200, 200]
        assert refusal(_send(alice, chat, "m2")) == (429, "rate_limited")
    bob.http.put(f"/blocks/{alice.id}")
    assert _send(alice, chat).status_code == 200
    assert refusal(_send(alice, chat, "m2")) == (403, "blocked")


def test_who_was_removed_is_not_answered_with_the_message(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    assert _send(bob, chat).status_code == 201
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}")
    assert refusal(_send(bob, chat)) == (404, "not_found")
