"""Parity with system A, a backend for a Flutter client: its sockets, row by row.

They are Socket.IO with its own paths and no words of its own; here a real client plays them.
"""

from collections.abc import Callable

import pytest

from tests.socketio.clients import Client
from tests.support.people import Person, Register
from tests.support.server import Server

Connect = Callable[..., Client]


@pytest.fixture
def chat(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob)


def test_socket_login_by_auth_token(server: Server, stranger: Callable[[], Client], alice: Person) -> None:
    assert stranger().log_in(server.origin, {"token": alice.access_token})["userId"] == alice.id
    assert stranger().refusal(server.origin, {"token": "forged"})["message"] == "Unauthorized"


def test_socket_in_message_send_and_out_message_new(client: Connect, alice: Person, bob: Person, chat: int) -> None:
    phone, desk, other = client(alice), client(alice), client(bob)
    phone.emit("message:send", {"chatId": chat, "content": "Привет! Как дела?", "messageType": "text"})
    for ears in (phone, desk, other):
        heard = ears.wait_for("message:new", chatId=chat)
        assert (heard["senderId"], heard["content"], heard["messageType"]) == (alice.id, "Привет! Как дела?", "text")
    assert bob.history(chat)[0]["id"] == heard["id"]


def test_socket_in_messages_read_and_out_messages_read(
    client: Connect, alice: Person, bob: Person, chat: int
) -> None:
    ears, reader = client(alice), client(bob)
    sent = alice.send(chat, "read this")
    reader.emit("messages:read", {"chatId": chat})
    heard = ears.wait_for("messages:read", chatId=chat)
    assert (heard["userId"], heard["seq"], heard["messageId"]) == (bob.id, 1, sent["id"])
    assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == 0


@pytest.mark.parametrize("kind", ["typing:start", "typing:stop"])
def test_socket_in_and_out_typing(client: Connect, alice: Person, bob: Person, chat: int, kind: str) -> None:
    typist, ears = client(alice), client(bob)
    typist.emit("typing:start", {"chatId": chat})
    ears.wait_for("typing:start", chatId=chat, userId=alice.id)
    typist.act("typing:stop", {"chatId": chat})
    assert ears.wait_for(kind, chatId=chat)["userId"] == alice.id
    assert typist.events(kind) == [], "to all but the typist"


@pytest.mark.parametrize("bare", [True, False])
def test_socket_in_chat_join_and_out_chat_joined(client: Connect, alice: Person, chat: int, bare: bool) -> None:
    socket = client(alice)
    socket.emit("chat:join", chat if bare else {"chatId": chat})
    joined = socket.wait_for("chat:joined")
    assert (joined["id"], joined["type"]) == (chat, "private")
    stranger_to_it = socket.refused("chat:join", chat + 1)
    assert stranger_to_it["code"] == "not_found"


def test_socket_out_user_status(client: Connect, alice: Person, bob: Person, chat: int) -> None:
    assert chat, "those who share one hear of each other"
    ears, socket = client(alice), client(bob)
    assert ears.wait_for("user:status", userId=bob.id)["status"] == "online"
    socket.disconnect()
    assert ears.wait_for("user:status", userId=bob.id, status="offline")["lastSeenAt"] is not None


def test_socket_out_chat_updated(client: Connect, alice: Person, bob: Person) -> None:
    group = alice.chat_with(bob, name="Команда")
    ears = client(bob)
    alice.http.patch(f"/chats/{group}", json={"name": "Друзья"}).raise_for_status()
    assert ears.wait_for("chat:updated", id=group)["name"] == "Друзья"


def test_socket_out_error(client: Connect, alice: Person) -> None:
    socket = client(alice)
    socket.emit("message:send", {"chatId": 999_999, "content": "x"})
    error = socket.wait_for("error")
    assert error["code"] == "not_found"
    assert error["message"], "its clients show this to people"


def test_group_chats(client: Connect, person: Register, alice: Person, bob: Person) -> None:
    carol = person("carol")
    sockets = [client(who) for who in (alice, bob, carol)]
    group = alice.chat_with(bob, carol, name="Команда")
    sockets[0].emit("message:send", {"chatId": group, "content": "всем", "messageType": "text"})
    for ears in sockets:
        assert ears.wait_for("message:new", content="всем")["chatId"] == group


def test_files_and_media(client: Connect, alice: Person, bob: Person, chat: int) -> None:
    mouth, ears = client(alice), client(bob)
    for kind in ("image", "file", "audio", "video"):
        sent = mouth.act("message:send", {"chatId": chat, "content": kind, "messageType": kind})
        assert ears.wait_for("message:new", id=sent["id"])["messageType"] == kind
