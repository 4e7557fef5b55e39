"""Forwarding: copies that stand on their own, in all the chats or in none."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.answers import at_once, refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server

NOTES = "Заметки".encode()


def _forward(who: Person, message_id: int, *chat_ids: int, **more: Any) -> httpx.Response:
    return who.http.post(f"/messages/{message_id}/forward", json={"chatIds": chat_ids, **more})


def _copies(who: Person, message_id: int, *chat_ids: int, **more: Any) -> list[dict[str, Any]]:
    answer = _forward(who, message_id, *chat_ids, **more)
    assert answer.status_code in {200, 201}, answer.text
    messages: list[dict[str, Any]] = answer.json()["messages"]
    return messages


def test_a_copy_says_what_the_message_said_and_whose_it_was(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    source, private, group = alice.chat_with(bob), bob.chat_with(carol), bob.chat_with(carol, name="two")
    before = bob.send(group, "before")["seq"]
    message = alice.send(source, "hello, bob", mentions=[bob.id])
    bob.http.put(f"/messages/{message['id']}/reactions/👍").raise_for_status()
    answer = _forward(bob, message["id"], group, private)
    assert answer.status_code == 201
    copies = answer.json()["messages"]
    assert [(copy["chatId"], copy["seq"]) for copy in copies] == [(group, before + 1), (private, 1)]
    for copy in copies:
        assert (copy["content"], copy["senderId"], copy["status"]) == ("hello, bob", bob.id, "sent")
        assert (copy["mentions"], copy["reactions"], copy["replyTo"]) == ([], {}, None)
        assert copy["forwardedFrom"] == {
            "messageId": message["id"],
            "senderId": alice.id,
            "createdAt": message["createdAt"],
        }
        assert carol.history(copy["chatId"])[0] == copy
    again = _copies(carol, copies[1]["id"], carol.chat_with(alice))[0]
    assert again["forwardedFrom"] == copies[1]["forwardedFrom"], "it still is alice's"
    assert bob.http.get(f"/chats/{group}").json()["readSeq"] == before + 1


def test_nobody_puts_words_into_anothers_mouth(person: Register) -> None:
    """A copy goes on saying what its author said; edited, it would still name them."""
    alice, bob = person("alice"), person("bob")
    chat, notes = alice.chat_with(bob), alice.chat_with(bob, name="notes")
    copy = _copies(alice, bob.send(chat, "I owe nobody anything")["id"], notes)[0]
    edited = {"messageId": copy["id"], "content": "I owe alice 1,000"}
    assert refusal(alice.http.put(f"/messages/{copy['id']}", json={"content": edited["content"]})) == (
        403,
        "forbidden",
    )
    assert alice.socket().refused("message:edit", edited)["code"] == "forbidden"
    assert bob.history(notes) == [copy]
    assert alice.http.delete(f"/messages/{copy['id']}").is_success, "who sent a copy may still take it back"


def test_the_files_come_along(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    upload = alice.upload(NOTES)
    message = alice.send(alice.chat_with(bob), "look", attachments=[upload], messageType="file")
    assert carol.http.get(f"/uploads/{upload}").status_code == 404
    (copy,) = _copies(bob, message["id"], bob.chat_with(carol))
    assert (copy["attachments"], copy["messageType"]) == (message["attachments"], "file")
    link = carol.http.get(f"/uploads/{upload}").raise_for_status().json()["url"]
    assert httpx.get(link, timeout=30).content == NOTES
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    assert carol.http.get(f"/uploads/{upload}").status_code == 200, "the copy is bob's"
    bob.http.delete(f"/messages/{copy['id']}").raise_for_status()
    assert carol.http.get(f"/uploads/{upload}").status_code == 404


def test_all_or_none(server: Server, person: Register) -> None:
    alice, bob, carol, mallory = person("alice"), person("bob"), person("carol"), person("mallory")
    message = alice.send(alice.chat_with(bob), "hello")
    open_chat, closed = alice.chat_with(carol), carol.chat_with(alice, name="news")
    blocked, foreign = alice.chat_with(mallory), bob.chat_with(carol)
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", closed)
    assert mallory.http.put(f"/blocks/{alice.id}").is_success
    for chat, expected in (
        (foreign, (404, "not_found")),
        (10**6, (404, "not_found")),
        (closed, (403, "forbidden")),
        (blocked, (403, "blocked")),
    ):
        answer = _forward(alice, message["id"], open_chat, chat)
        assert refusal(answer) == expected
        assert [error["field"] for error in answer.json()["errors"]] == ["chatIds[1]"]
    assert carol.history(open_chat) == []
    assert refusal(_forward(carol, message["id"], foreign)) == (404, "not_found"), "she cannot read it"
    system = server.sql("UPDATE messages SET message_type = 'system' WHERE id = %s RETURNING id", message["id"])
    assert refusal(_forward(alice, system[0][0], open_chat)) == (403, "forbidden")


def test_a_repeated_forward_is_the_same_copies(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    one, two = alice.chat_with(bob, name="one"), alice.chat_with(bob, name="two")
    first = _forward(alice, message["id"], one, clientMessageId="f1")
    assert first.status_code == 201
    assert first.json()["messages"][0]["clientMessageId"] == f"f1:{one}"
    again = _forward(alice, message["id"], one, clientMessageId="f1")
    assert (again.status_code, again.json()) == (200, first.json())
    both = _forward(alice, message["id"], two, one, clientMessageId="f1")
    assert both.status_code == 201, "one of them is new"
    assert both.json()["messages"][1] == first.json()["messages"][0]
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    assert _forward(alice, message["id"], one, two, clientMessageId="f1").status_code == 200
    assert [len(bob.history(chat)) for chat in (one, two)] == [1, 1]
    three = alice.chat_with(bob, name="three")
    alice.send(one, "else", clientMessageId=f"f2:{three}")
    assert refusal(_forward(alice, message["id"], three, clientMessageId="f2")) == (409, "client_message_id_reused")


def test_an_idempotency_key_forwards_once(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    group = alice.chat_with(bob, name="two")
    answers = [
        alice.http.post(
            f"/messages/{message['id']}/forward", json={"chatIds": [group]}, headers={"Idempotency-Key": "k1"}
        )
        for _ in range(2)
    ]
    assert answers[0].json() == answers[1].json()
    assert len(bob.history(group)) == 1


def test_each_copy_counts_as_a_send(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    groups = [alice.chat_with(bob, name=str(number)) for number in range(4)]
    with server.settings(rate_limits=True, sends_http=5):
        answer = _forward(alice, message["id"], *groups[:3], clientMessageId="f1")
        assert answer.headers["RateLimit"].startswith('"send-http";r=2;')
        refused = _forward(alice, message["id"], *groups[:3])
        assert refusal(refused) == (429, "rate_limited")
        assert int(refused.headers["Retry-After"]) > 0
        assert _forward(alice, message["id"], *groups[:3], clientMessageId="f1").status_code == 200
        assert _forward(alice, message["id"], *groups[2:]).status_code == 201, "what was refused cost nothing"
        more = alice.http.post("/messages", json={"chatId": groups[0], "content": "one too many"})
        assert refusal(more) == (429, "rate_limited")
    assert [len(bob.history(group)) for group in groups] == [1, 1, 2, 1]


def test_forwards_at_once_wait_for_nobody_forever(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    groups = [alice.chat_with(bob, name=str(number)) for number in range(6)]

    def act(number: int) -> int:
        who = (alice, bob)[number % 2]
        order = groups if number % 3 else groups[::-1]
        return _forward(who, message["id"], *order).status_code

    with ThreadPoolExecutor(8) as threads:
        sends = threads.submit(lambda: [alice.send(group, "between") for group in groups])
        assert set(threads.map(act, range(16))) == {201}
        sends.result()
    for group in groups:
        assert [copy["seq"] for copy in bob.messages(group, after=0)] == list(range(1, 19))


def test_the_same_forward_at_once_is_one(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    groups = [alice.chat_with(bob, name=str(number)) for number in range(3)]
    answers = at_once(lambda _: _forward(alice, message["id"], *groups, clientMessageId="f1"), 6)
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({tuple(copy["id"] for copy in answer.json()["messages"]) for answer in answers}) == 1
    assert [len(bob.history(group)) for group in groups] == [1, 1, 1]


def test_a_copy_lives_as_long_as_its_chat_says(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "hello")
    group = alice.chat_with(bob, name="brief")
    server.sql("UPDATE chats SET message_seconds = 60 WHERE id = %s", group)
    assert _copies(alice, message["id"], group)[0]["expiresAt"] is not None


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "chatIds", "missing"),
        ({"chatIds": []}, "chatIds", "wrong_length"),
        ({"chatIds": list(range(1, 22))}, "chatIds", "wrong_length"),
        ({"chatIds": [1, 1]}, "chatIds", "repeated"),
        ({"chatIds": [-1]}, "chatIds[0]", "out_of_range"),
        ({"chatIds": ["1"]}, "chatIds[0]", "wrong_type"),
        ({"chatIds": [2**64]}, "chatIds[0]", "out_of_range"),
        ({"chatIds": [1], "clientMessageId": ""}, "clientMessageId", "wrong_length"),
        ({"chatIds": [1], "clientMessageId": "x" * 48}, "clientMessageId", "wrong_length"),
        ({"chatIds": [1], "clientMessageId": "\x00"}, "clientMessageId", "forbidden_character"),
        ({"chatIds": [1], "forwardedFrom": 1}, "forwardedFrom", "unknown_field"),
    ],
)
def test_bad_bodies_are_refused(person: Register, body: dict[str, Any], field: str, code: str) -> None:
    alice = person("alice")
    message = alice.send(alice.chat_with(name="notes"), "hello")
    assert refused_fields(alice.http.post(f"/messages/{message['id']}/forward", json=body)) == [(field, code)]
