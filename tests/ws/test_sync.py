"""Sync by the socket, which carries less at once than an HTTP answer; and sync after a socket that was lost.

What is heard moves no cursor. So what changed after it was heard must be told, also in a chat that is newer than the
cursor.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.hearing import Listener
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.socket import Socket

ConnectNative = Callable[..., Socket]


@pytest.mark.parametrize("vocabulary", [None, "conversations"])
@pytest.mark.parametrize("text", ["я" * 10_000, "\x01" * 10_000, "short"])
def test_long_messages_come_in_pages_that_fit(
    server: Server, person: Register, native: ConnectNative, vocabulary: str | None, text: str
) -> None:
    alice, bob = person("alice"), person("bob")
    chat, socket = alice.chat_with(bob), native(bob, vocabulary)
    cursor = socket.act("sync")["nextCursor"]
    server.write_many(chat, alice.id, text, 12)
    seen: list[int] = []
    more, pages = True, 0
    while more:
        page = socket.act("sync", {"cursor": cursor})
        seen += [event["seq"] for event in page["events"] if event["type"] == "message:new"]
        cursor, more, pages = page["nextCursor"], page["hasMore"], pages + 1
    assert seen == list(range(1, 13))
    assert (pages > 1) == (text != "short")


# What happens between a device's last sync and what it hears: bob becomes a member of the chat that is answered.
Entrance = Callable[[Person, Person, Person], int]


def _is_in_a_new_group(alice: Person, bob: Person, carol: Person) -> int:
    return alice.chat_with(bob, carol, name="New")


def _is_in_a_new_private_chat(alice: Person, bob: Person, _carol: Person) -> int:
    return alice.chat_with(bob)


def _is_added_to_an_old_group(alice: Person, bob: Person, carol: Person) -> int:
    chat = _old_group(alice, carol)
    _do(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    return chat


def _joins_a_public_group(alice: Person, bob: Person, carol: Person) -> int:
    chat = _old_group(alice, carol)
    _do(alice, "PATCH", f"/chats/{chat}", {"isPublic": True})
    _do(bob, "POST", f"/chats/{chat}/join")
    return chat


def _is_removed_and_added_again(alice: Person, bob: Person, carol: Person) -> int:
    chat = _is_added_to_an_old_group(alice, bob, carol)
    _do(alice, "DELETE", f"/chats/{chat}/participants/{bob.id}")
    _change(alice, carol, chat)
    _do(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    return chat


def _old_group(alice: Person, carol: Person) -> int:
    chat = alice.chat_with(carol, name="Old")
    for number in range(6):
        alice.send(chat, f"old {number}")
    return chat


def _change(alice: Person, other: Person, chat: int) -> None:
    """Edits, deletes, pins and reacts to what is there, and sends more."""
    edited, deleted, reacted = [message["id"] for message in alice.history(chat)][:3]
    _do(alice, "PUT", f"/messages/{edited}", {"content": "edited"})
    _do(alice, "PUT", f"/messages/{edited}/pin")
    _do(alice, "DELETE", f"/messages/{deleted}")
    _do(other, "PUT", f"/messages/{reacted}/reactions/👍")
    for number in range(3):
        alice.send(chat, f"sent meanwhile {number}")
    _do(other, "POST", f"/chats/{chat}/read", {})


def _do(who: Person, method: str, path: str, body: Any = None) -> None:
    answer = who.http.request(method, path, json=body)
    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    "entrance",
    [
        _is_in_a_new_group,
        _is_in_a_new_private_chat,
        _is_added_to_an_old_group,
        _joins_a_public_group,
        _is_removed_and_added_again,
    ],
    ids=lambda entrance: entrance.__name__.strip("_"),
)
@pytest.mark.parametrize("limit", [50, 1])
def test_what_was_heard_before_the_socket_was_lost_is_told_again_where_it_changed(
    server: Server, person: Register, entrance: Entrance, limit: int
) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    device = Listener(bob)
    chat = entrance(alice, bob, carol)
    server.settle()
    device.listen()
    for number in range(3):
        alice.send(chat, f"heard {number}")
    server.settle()
    device.listen()
    heard = [message["content"] for _, message in sorted(device.messages[chat].items())]
    assert heard[-3:] == ["heard 0", "heard 1", "heard 2"]
    device.lose_socket()
    other = bob if entrance is _is_in_a_new_private_chat else carol
    _change(alice, other, chat)
    _do(bob, "DELETE", f"/messages/{alice.history(chat)[0]['id']}?for=me")
    _do(bob, "PUT", f"/chats/{chat}/draft", {"content": "I would say"})
    device.sync(limit)
    assert device.shown() == Listener(bob).shown()


def test_what_a_device_kept_of_a_group_is_told_again_after_a_return_that_it_did_not_hear(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = _is_added_to_an_old_group(alice, bob, carol)
    device = Listener(bob)
    device.lose_socket()
    _do(alice, "DELETE", f"/chats/{chat}/participants/{bob.id}")
    _change(alice, carol, chat)
    _do(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    _change(alice, carol, chat)
    device.sync()
    assert device.shown() == Listener(bob).shown()
