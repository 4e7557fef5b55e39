"""What a device keeps by the events of its socket alone is what one would that loads everything now."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.hearing import Listener
from tests.support.kept import Wire
from tests.support.people import Person, Register
from tests.support.server import Server

Doing = Callable[[Person, Person, int], Any]


class LiveCopy(Listener):
    """A copy that is loaded once and then told by a socket, by the rules of docs/protocol.md."""

    def shown(self) -> Wire:
        """As elsewhere, without when the chat last changed: not every event tells it."""
        shown = super().shown()
        return {**shown, "chats": {chat_id: {**chat, "updatedAt": None} for chat_id, chat in shown["chats"].items()}}


def _do(who: Person, method: str, path: str, body: Any = None) -> Any:
    answer = who.http.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _talk(alice: Person, bob: Person, chat: int) -> None:
    question = alice.send(chat, "a question", mentions=[bob.id])
    answer = bob.send(chat, "an answer", replyTo=question["id"])
    _do(bob, "PUT", f"/messages/{answer['id']}", {"content": "a better answer"})
    _do(alice, "PUT", f"/messages/{answer['id']}/reactions/👍")
    _do(bob, "PUT", f"/messages/{question['id']}/reactions/🔥")
    _do(bob, "DELETE", f"/messages/{question['id']}/reactions/🔥")
    _do(alice, "POST", f"/messages/{answer['id']}/forward", {"chatIds": [chat]})


def _take_back(alice: Person, bob: Person, chat: int) -> None:
    first, second, third = (alice.send(chat, text)["id"] for text in ("one", "two", "three"))
    _do(alice, "PUT", f"/messages/{second}/pin")
    _do(alice, "PUT", f"/messages/{third}/pin")
    _do(alice, "DELETE", f"/messages/{third}/pin")
    _do(alice, "DELETE", f"/messages/{first}")
    _do(bob, "DELETE", f"/messages/{second}?for=me")


def _receive_and_read(alice: Person, bob: Person, chat: int) -> None:
    for text in ("one", "two", "three"):
        alice.send(chat, text)
    _do(bob, "POST", f"/chats/{chat}/delivered", {"seq": 2})
    _do(bob, "POST", f"/chats/{chat}/read", {"seq": 1})


def _keep_for_oneself(_alice: Person, bob: Person, chat: int) -> None:
    for what in ("mute", "pin", "archive"):
        _do(bob, "PUT", f"/chats/{chat}/{what}", {})
    _do(bob, "DELETE", f"/chats/{chat}/pin")
    _do(bob, "PUT", f"/chats/{chat}/draft", {"content": "I would say"})


def _hide_until_the_next_message(alice: Person, bob: Person, _chat: int) -> None:
    private = alice.chat_with(bob)
    _do(bob, "DELETE", f"/chats/{private}")
    alice.send(private, "are you there?")


def _change_the_group(alice: Person, bob: Person, chat: int) -> None:
    _do(alice, "PATCH", f"/chats/{chat}", {"name": "Others", "settings": {"messageSeconds": 3600}})
    _do(alice, "PATCH", f"/chats/{chat}/participants/{bob.id}", {"role": "admin"})
    alice.send(chat, "vanishes")


def _go_and_come_back(alice: Person, bob: Person, chat: int) -> None:
    alice.send(chat, "before")
    _do(alice, "DELETE", f"/chats/{chat}/participants/{bob.id}")
    alice.send(chat, "meanwhile")
    _do(alice, "POST", f"/chats/{chat}/participants", {"userId": bob.id})
    alice.send(chat, "afterwards")


def _leave(_alice: Person, bob: Person, chat: int) -> None:
    _do(bob, "POST", f"/chats/{chat}/leave")


def _end(alice: Person, _bob: Person, chat: int) -> None:
    _do(alice, "DELETE", f"/chats/{chat}")


_DOINGS: list[Doing] = [
    _talk,
    _take_back,
    _receive_and_read,
    _change_the_group,
    _go_and_come_back,
    _leave,
    _end,
]
# `chat:personal` carries no time: where two change places, the next sync puts it right.
_ONLY_IN_ORDER: list[Doing] = [_keep_for_oneself, _hide_until_the_next_message]


@pytest.mark.parametrize(
    ("doing", "reordered"),
    [*((doing, False) for doing in _DOINGS + _ONLY_IN_ORDER), *((doing, True) for doing in _DOINGS)],
    ids=lambda given: {False: "in_order", True: "last_first"}.get(given) or given.__name__.strip("_"),
)
def test_a_copy_that_is_told_live_is_as_fresh_as_a_new_one(
    server: Server, person: Register, doing: Doing, reordered: bool
) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="Friends")
    alice.send(alice.chat_with(bob), "long ago")
    server.settle()
    copies = {who.username: (LiveCopy(who), who) for who in (alice, bob, carol)}
    before = {name: copy.shown() for name, (copy, _) in copies.items()}
    doing(alice, bob, chat)
    server.settle()
    for name, (copy, who) in copies.items():
        copy.listen(reordered=reordered)
        assert copy.shown() == LiveCopy(who).shown(), name
    assert copies["bob"][0].shown() != before["bob"], "it told him something"


@pytest.mark.parametrize(("has_read", "unread"), [(True, 0), (False, 1)])
def test_what_is_sent_in_ones_absence_leaves_unread_what_one_has_not_read(
    server: Server, person: Register, has_read: bool, unread: int
) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.schedule(chat, "good morning")
    bob.send(chat, "are you asleep?")
    if has_read:
        _do(alice, "POST", f"/chats/{chat}/read", {})
    server.settle()
    copies = {who.username: (LiveCopy(who), who) for who in (alice, bob)}
    server.sql("UPDATE scheduled_messages SET send_at = now()")
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    for name, (copy, who) in copies.items():
        copy.listen()
        assert copy.shown() == LiveCopy(who).shown(), name
    assert copies["alice"][0].chats[chat]["unreadCount"] == unread
    question, answer = copies["bob"][0].shown()["messages"][chat]
    assert question["status"] == ("read" if has_read else "sent")
    assert answer["content"] == "good morning"


def test_sending_it_now_is_to_be_there(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    waiting = alice.schedule(chat, "good morning")
    bob.send(chat, "are you asleep?")
    copy = LiveCopy(bob)
    _do(alice, "POST", f"/messages/scheduled/{waiting}/send-now", {})
    copy.listen()
    assert copy.shown() == LiveCopy(bob).shown()
    assert copy.shown()["messages"][chat][0]["status"] == "read"
