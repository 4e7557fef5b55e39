"""`seq`: 1, 2, 3, … in commit order, without gaps, whoever else sends, is refused, comes or goes."""

import threading
from collections import Counter
from itertools import pairwise
from typing import Any

import httpx

from tests.support.answers import at_once, refusal
from tests.support.people import Person, Register
from tests.support.server import Server


def _send(who: Person, chat: int, content: str) -> httpx.Response:
    return who.http.post("/messages", json={"chatId": chat, "content": content})


def _whole_history(who: Person, chat: int) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    while page := who.messages(chat, after=len(messages), limit=100):
        messages += page
    return messages


def _check(who: Person, chat: int, answers: list[httpx.Response]) -> None:
    """Every acknowledged message is there, once, under its number, and no number is without a message."""
    acknowledged = [answer.json() for answer in answers if answer.status_code == 201]
    history = _whole_history(who, chat)
    assert [message["seq"] for message in history] == list(range(1, len(history) + 1))
    said = [(message["id"], message["content"]) for message in history if message["messageType"] == "text"]
    assert len(said) == len(acknowledged)
    assert set(said) == {(message["id"], message["content"]) for message in acknowledged}
    assert all(one["createdAt"] <= next_one["createdAt"] for one, next_one in pairwise(history))
    assert who.http.get(f"/chats/{chat}").json()["lastSeq"] == len(history)


def test_many_senders_of_whom_some_are_refused(server: Server, person: Register) -> None:
    members = [person(f"user{number}") for number in range(8)]
    outsider = person("outsider")
    chat = members[0].chat_with(*members[1:], name="group")

    def talk(number: int) -> list[httpx.Response]:
        who = members[number]
        refused = [_send(outsider, chat, "x"), _send(who, 999_999, "x")]
        assert {refusal(answer) for answer in refused} == {(404, "not_found")}
        return [_send(who, chat, f"{number}: {count}") for count in range(25)]

    # Of a quota of ten a minute, one comes back every six seconds.
    with server.settings(rate_limits=True, sends_http=10):
        answers = at_once(talk, 8)
    for mine in answers:
        statuses = Counter(answer.status_code for answer in mine)
        assert set(statuses) == {201, 429}
        assert statuses[201] >= 10
        sequence = [answer.json()["seq"] for answer in mine if answer.status_code == 201]
        assert sequence == sorted(sequence), "who sends one after the other is in this order"
    _check(members[0], chat, [answer for mine in answers for answer in mine])


def test_two_hundred_sends_of_eight_at_once(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)

    def talk(number: int) -> list[httpx.Response]:
        who = (alice, bob)[number % 2]
        return [_send(who, chat, f"{number}: {count}") for count in range(25)]

    answers = [answer for mine in at_once(talk, 8) for answer in mine]
    assert {answer.status_code for answer in answers} == {201}
    _check(bob, chat, answers)


def test_blocks_that_come_and_go(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    done = threading.Event()

    def talk(number: int) -> list[httpx.Response]:
        if number == 0:
            while not done.is_set():
                bob.http.put(f"/blocks/{alice.id}")
                bob.http.delete(f"/blocks/{alice.id}")
            return []
        answers: list[httpx.Response] = []
        # Until both have happened, the one and the other.
        while len(answers) < 15 or (len({answer.status_code for answer in answers}) < 2 and len(answers) < 300):
            answers.append(_send((alice, bob)[number % 2], chat, f"{number}: {len(answers)}"))
        if number == 1:
            done.set()
        return answers

    answers = [answer for mine in at_once(talk, 4) for answer in mine]
    assert {answer.status_code for answer in answers} == {201, 403}
    _check(alice, chat, answers)


def test_members_who_come_and_go(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, name="group")
    ears = bob.socket()
    done = threading.Event()

    def talk(number: int) -> list[httpx.Response]:
        if number == 0:
            while not done.is_set():
                assert alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id}).status_code == 200
                assert alice.http.delete(f"/chats/{chat}/participants/{carol.id}").status_code == 204
            return []
        try:
            return [_send((alice, bob)[number % 2], chat, f"{number}: {count}") for count in range(15)]
        finally:
            if number == 1:
                done.set()

    answers = [answer for mine in at_once(talk, 3) for answer in mine]
    assert {answer.status_code for answer in answers} == {201}, "a send is tried again where members changed"
    _check(alice, chat, answers)
    assert refusal(carol.http.get(f"/chats/{chat}")) == (404, "not_found")
    for message in _whole_history(alice, chat)[1:]:  # the first one tells that the group was made
        ears.wait_for("message:new", id=message["id"])
