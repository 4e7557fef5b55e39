"""Parity with system E, a messages API beside a WebSocket gateway: its sockets and rules, row by row."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.socketio.clients import Client
from tests.support.people import Person, Register
from tests.support.server import Server

Connect = Callable[..., Client]

WORDS = "gateway"


@pytest.fixture
def chat(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob)


SOCKET_IN: dict[str, dict[str, Any]] = {
    "chat:join": {},
    "message:send": {"text": "hello"},
    "message:typing": {"isTyping": True},
    "chat:leave": {},
}


@pytest.mark.parametrize("action", SOCKET_IN)
def test_socket_in_is_answered_by_an_ack(client: Connect, alice: Person, chat: int, action: str) -> None:
    socket = client(alice, WORDS)
    data = SOCKET_IN[action]
    assert socket.call(action, {"chatId": chat, **data})["success"] is True
    refusal = socket.call(action, {"chatId": "no chat", **data})
    assert (refusal["success"], refusal["error"]["code"]) == (False, "invalid_input")


def test_socket_in_message_send(client: Connect, alice: Person, bob: Person, chat: int) -> None:
    mouth, ears = client(alice, WORDS), client(bob, WORDS)
    ack = mouth.act("message:send", {"chatId": chat, "text": "hello"})
    assert {
        "chat": chat,
        "sender": alice.id,
        "text": "hello",
        "type": "text",
        "status": "sent",
    }.items() <= ack.items()
    voice = mouth.act("message:send", {"chatId": chat, "text": "a note", "type": "voice"})
    assert ears.wait_for("message:new", id=voice["id"])["type"] == "voice"


def test_socket_out_message_new(client: Connect, alice: Person, bob: Person, chat: int) -> None:
    ears = client(bob, WORDS)
    sent = alice.send(chat, "hello")
    heard = ears.wait_for("message:new", id=sent["id"])
    expected = {"chat": chat, "sender": alice.id, "text": "hello", "type": "text", "isDeleted": False}
    assert expected.items() <= heard.items()
    assert {"createdAt", "updatedAt", "status"} <= heard.keys()


def test_socket_out_message_typing_to_all_but_the_typist(
    client: Connect, alice: Person, bob: Person, chat: int
) -> None:
    typist, other_device, ears = client(alice, WORDS), client(alice, WORDS), client(bob, WORDS)
    for is_typing in (True, False):
        assert typist.act("message:typing", {"chatId": chat, "isTyping": is_typing}) == {}
        heard = ears.wait_for("message:typing", isTyping=is_typing)
        assert heard == {"chatId": chat, "userId": alice.id, "isTyping": is_typing}
    assert typist.events("message:typing") == other_device.events("message:typing") == []


def test_socket_out_chat_created_to_the_participants(
    client: Connect, person: Register, alice: Person, bob: Person
) -> None:
    carol, dave = person("carol"), person("dave")
    participants = [client(who, WORDS) for who in (alice, bob, carol)]
    other = client(dave, WORDS)
    group = alice.chat_with(bob, carol, name="three")
    for ears in participants:
        assert len(ears.wait_for("chat:created", id=group)["participants"]) == 3
    later = alice.chat_with(dave)
    other.wait_for("chat:created", id=later)
    assert [chat["id"] for chat in other.events("chat:created")] == [later]


@pytest.mark.parametrize("action", ["chat:join", "message:send", "message:typing"])
def test_rule_only_participants_may_join_read_or_write(
    client: Connect, person: Register, bob: Person, chat: int, action: str
) -> None:
    carol = person("carol")
    outsider, ears = client(carol, WORDS), client(bob, WORDS)
    refused = outsider.refused(action, {"chatId": chat, **SOCKET_IN[action]})
    assert (refused["status"], refused["code"]) == (404, "not_found")
    sent = bob.send(chat, "among us")
    ears.wait_for("message:new", id=sent["id"])
    to_her = bob.send(bob.chat_with(carol), "to you")
    outsider.wait_for("message:new", id=to_her["id"])
    assert [message["id"] for message in outsider.events("message:new")] == [to_her["id"]]
    assert ears.events("message:typing") == []


def test_rule_personal_rooms(client: Connect, alice: Person, bob: Person) -> None:
    """Every device of a user hears what concerns the user, without having joined anything."""
    devices = [client(bob, WORDS) for _ in range(3)]
    chat = alice.chat_with(bob)
    sent = alice.send(chat, "to all your devices")
    own = devices[0].act("message:send", {"chatId": chat, "text": "from one of them"})
    for device in devices:
        device.wait_for("chat:created", id=chat)
        device.wait_for("message:new", id=sent["id"])
        device.wait_for("message:new", id=own["id"])


def test_rule_last_message_is_kept_up_to_date(client: Connect, alice: Person, bob: Person, chat: int) -> None:
    socket = client(alice, WORDS)
    for text in ("one", "two"):
        sent = socket.act("message:send", {"chatId": chat, "text": text})
        assert bob.http.get("/chats").json()["chats"][0]["lastMessage"]["id"] == sent["id"]


def test_rule_html_is_taken_out(client: Connect, alice: Person, chat: int) -> None:
    sent = client(alice, WORDS).act("message:send", {"chatId": chat, "text": "<b>bold</b> and 2 < 3"})
    assert sent["text"] == "bold and 2 < 3"


@pytest.mark.parametrize("auth", [None, {"token": "forged"}])
def test_rule_jwt_on_the_socket(server: Server, stranger: Callable[[], Client], auth: dict[str, str] | None) -> None:
    reason = stranger().refusal(f"{server.origin}?vocabulary={WORDS}", auth)
    assert (reason["data"]["status"], reason["data"]["code"]) == (401, "unauthenticated")
