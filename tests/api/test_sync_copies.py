"""A device that was away and takes what sync tells keeps what one would that loads everything now."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.support.kept import Copy, Wire
from tests.support.people import Person, Register
from tests.support.server import Server

Absence = Callable[[Person, Person, int], Iterator[None]]


def _came_and_was_deleted(alice: Person, bob: Person, chat: int) -> Iterator[None]:
    question = bob.send(chat, "a question")
    answer = alice.send(chat, "never mind", replyTo=question["id"])
    _ok(alice, "DELETE", f"/messages/{answer['id']}")
    yield


def _was_deleted(alice: Person, _bob: Person, chat: int) -> Iterator[None]:
    message = alice.send(chat, "a slip")
    yield
    _ok(alice, "DELETE", f"/messages/{message['id']}")
    yield


def _was_deleted_for_oneself(alice: Person, bob: Person, chat: int) -> Iterator[None]:
    message = alice.send(chat, "a secret")
    yield
    _ok(bob, "DELETE", f"/messages/{message['id']}?for=me")
    yield


def _had_a_draft_when_removed(alice: Person, bob: Person, chat: int) -> Iterator[None]:
    _ok(bob, "PUT", f"/chats/{chat}/draft", {"content": "I would say"})
    yield
    _ok(alice, "DELETE", f"/chats/{chat}/participants/{bob.id}")
    yield
    _ok(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    yield


def _was_removed_and_added_at_once(alice: Person, bob: Person, chat: int) -> Iterator[None]:
    _ok(bob, "PUT", f"/chats/{chat}/draft", {"content": "I would say"})
    yield
    _ok(alice, "DELETE", f"/chats/{chat}/participants/{bob.id}")
    alice.send(chat, "meanwhile")
    _ok(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    yield


@pytest.mark.parametrize(
    "absence",
    [
        _came_and_was_deleted,
        _was_deleted,
        _was_deleted_for_oneself,
        _had_a_draft_when_removed,
        _was_removed_and_added_at_once,
    ],
    ids=lambda absence: absence.__name__.strip("_"),
)
def test_a_copy_is_as_fresh_as_a_new_one(person: Register, absence: Absence) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="Friends")
    copy = _copy(bob)
    for _ in absence(alice, bob, chat):
        copy.sync()
        assert copy.shown() == _copy(bob).shown()


def test_a_chat_that_was_hidden_comes_with_its_history(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.send(chat, "long ago")
    _ok(bob, "DELETE", f"/chats/{chat}")
    copy = _copy(bob)
    assert copy.chats == {}
    alice.send(chat, "again")
    copy.sync()
    assert copy.shown() == _copy(bob).shown()
    assert [message["content"] for message in copy.messages[chat].values()] == ["again", "long ago"]


def test_who_is_removed_while_a_chat_loads_has_it_whole_when_they_are_back(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="Friends")
    server.write_many(chat, alice.id, "before", 150)
    removals = iter([f"/chats/{chat}/participants/{bob.id}"])

    def get(path: str, query: Mapping[str, str | int]) -> Wire | None:
        if path == f"/chats/{chat}/messages" and "cursor" in query:
            for removal in removals:
                _ok(alice, "DELETE", removal)
        answer = bob.http.get(path, params=query)
        return answer.json() if answer.is_success else None

    copy = Copy(bob.id, get)
    copy.sync()
    assert copy.chats == {}
    _ok(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    copy.sync()
    assert sum(message["content"] == "before" for message in copy.messages[chat].values()) == 150
    assert copy.shown() == _copy(bob).shown()


@pytest.mark.parametrize("back", ["between two pages", "after the last page"])
def test_who_is_removed_between_two_pages_misses_nothing_when_they_are_back(person: Register, back: str) -> None:
    alice, bob = person("alice"), person("bob")
    chat, other = alice.chat_with(bob, name="Friends"), alice.chat_with(bob)
    removal, addition = f"/chats/{chat}/participants/{bob.id}", f"/chats/{chat}/participants"
    messages = [alice.send(chat, f"message {number}") for number in range(3)]
    copy = _copy(bob)
    for message in messages:
        _ok(alice, "DELETE", f"/messages/{message['id']}")
    for number in range(6):
        alice.send(other, f"elsewhere {number}")
    for _ in range(3):
        assert copy.step(1), "both chats, and the first message"
    _ok(alice, "DELETE", removal)
    assert copy.step(2), "two messages of the other chat"
    if back == "between two pages":
        _ok(alice, "POST", addition, {"userId": bob.id})
    copy.sync()
    if back == "after the last page":
        assert chat not in copy.chats
        _ok(alice, "POST", addition, {"userId": bob.id})
        copy.sync()
    assert copy.shown() == _copy(bob).shown()


def _copy(person: Person) -> Copy:
    copy = Copy(person.id, lambda path, query: person.http.get(path, params=query).json())
    copy.sync()
    return copy


def _ok(person: Person, method: str, path: str, body: Any = None) -> None:
    answer = person.http.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
