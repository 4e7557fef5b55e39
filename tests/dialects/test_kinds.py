"""Kinds of messages that clients of other messengers do not know come as texts that say the same."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.dialects.conftest import At, Listen
from tests.support.people import Person, Register
from tests.support.reference import Client

HERMITAGE = {"latitude": 59.5, "longitude": 30.25, "name": "Hermitage"}
KINDS: list[tuple[dict[str, Any], list[str]]] = [
    ({"location": HERMITAGE, "content": "Here"}, ["Here", "Hermitage", "59.5, 30.25"]),
    ({"location": {"latitude": 1, "longitude": 2}}, ["1.0, 2.0"]),
    ({"contact": {"name": "Taxi", "phone": "112"}}, ["Taxi", "112"]),
    ({"poll": {"options": ["Saturday", "Sunday"]}, "content": "When?"}, ["When?", "1. Saturday", "2. Sunday"]),
]


def _flutter(client: Client, chat: int) -> list[tuple[str, str]]:
    (listed,) = client.ask("GET /api/chats")
    found = client.ask(f"GET /api/chats/{chat}/messages")
    assert listed["last_message"] == found[-1]["content"]
    return [(one["message_type"], one["content"]) for one in found]


def _skype(client: Client, chat: int) -> list[tuple[str, str]]:
    found = client.ask(f"GET /api/v1/messages?chat_id={chat}")["messages"]
    return [(one["type"], one["content"]) for one in found]


def _conversations(client: Client, chat: int) -> list[tuple[str, str]]:
    found = client.ask(f"GET /api/conversations/{chat}/messages")["data"]
    return [(one["type"], one["content"]) for one in reversed(found)]


def _gateway(client: Client, chat: int) -> list[tuple[str, str]]:
    found = client.ask(f"GET /api/chats/{chat}/messages")["messages"]
    return [(one["type"], one["text"]) for one in found]


SHOWN: dict[str, tuple[Callable[[Client, int], list[tuple[str, str]]], str, str]] = {
    "flutter": (_flutter, "message:new", "content"),
    "skype": (_skype, "new_message", "content"),
    "conversations": (_conversations, "message:received", "content"),
    "gateway": (_gateway, "message:new", "text"),
}


@pytest.mark.parametrize("dialect", SHOWN)
def test_what_a_client_does_not_know_is_a_text(at: At, listen: Listen, person: Register, dialect: str) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    history, event, text = SHOWN[dialect]
    theirs = at(dialect)
    theirs.log_in_with(bob.access_token)
    ears = listen(theirs, dialect)
    for body, lines in KINDS:
        _send(alice, chat, body)
        shown: dict[str, Any] = {text: "\n".join(lines)}
        assert ears.wait_for(event, **shown)
    assert history(theirs, chat) == [("text", "\n".join(lines)) for _, lines in KINDS]


def test_the_user_of_a_contact_is_named(at: At, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    _send(alice, chat, {"contact": {"userId": alice.id, "name": "Me"}})
    theirs = at("gateway")
    theirs.log_in_with(bob.access_token)
    assert _gateway(theirs, chat) == [("text", "Me\n@alice")]


def _send(who: Person, chat: int, body: dict[str, Any]) -> None:
    who.http.post("/messages", json={"chatId": chat, **body}).raise_for_status()
