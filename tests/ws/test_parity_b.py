"""Parity with system B, a chat API with one common room: its socket, row by row."""

import re
from collections.abc import Callable

import pytest

from chalicelib.core.ids import COMMON_ROOM_ID
from tests.socketio.clients import Client
from tests.support.people import Register
from tests.support.server import Server
from tests.support.socket import Socket

Connect = Callable[..., Client]
ConnectNative = Callable[..., Socket]

WORDS = "common-room"


@pytest.mark.parametrize("where", ["auth", "address"])
def test_socket_login_jwt_in_the_handshake(
    server: Server, stranger: Callable[[], Client], person: Register, where: str
) -> None:
    socket, token = stranger(), person("alice").access_token
    if where == "auth":
        socket.log_in(f"{server.origin}?vocabulary={WORDS}", {"token": token})
    else:
        socket.log_in(f"{server.origin}?vocabulary={WORDS}&token={token}")
    assert socket.act("message", {"content": "hello"})["chatId"] == COMMON_ROOM_ID


@pytest.mark.parametrize("auth", [None, {"token": "forged"}])
def test_socket_login_unauthorized_otherwise(
    server: Server, stranger: Callable[[], Client], auth: dict[str, str] | None
) -> None:
    assert stranger().refusal(f"{server.origin}?vocabulary={WORDS}", auth)["message"] == "Unauthorized"


def test_one_common_room(person: Register, client: Connect) -> None:
    alice, bob = person("alice"), person("bob")
    one, two = client(alice, WORDS), client(bob, WORDS)
    one.emit("message", {"userId": bob.id, "content": "Привет всем"})
    for ears in (one, two):
        heard = ears.wait_for("message")
        assert set(heard) == {"id", "userId", "content", "timestamp"}
        assert (heard["userId"], heard["content"]) == (alice.id, "Привет всем"), "the session decides who it is"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", heard["timestamp"])
    assert two.act("message", {"content": "hello"})["senderId"] == bob.id
    assert [message["content"] for message in alice.history(COMMON_ROOM_ID)] == ["hello", "Привет всем"]


def test_message_out_to_all_who_only_listen(person: Register, client: Connect, native: ConnectNative) -> None:
    """Whoever is connected hears it, also before they write for the first time, on whatever kind of connection."""
    theirs = client(person("alice"), WORDS)
    natives = [native(person("bob"), WORDS), native(person("carol"), WORDS)]
    dave = person("dave")
    mouth = native(dave, WORDS)
    sent = mouth.act("message", {"content": "is anybody there?"})
    expected = {
        "id": sent["id"],
        "userId": dave.id,
        "content": "is anybody there?",
        "timestamp": sent["createdAt"],
    }
    assert theirs.wait_for("message", id=sent["id"]) == expected
    for socket in (*natives, mouth):
        event = socket.wait_for("message", id=sent["id"])
        assert event["data"] == expected
        assert event["chatId"] == COMMON_ROOM_ID


def test_hello_comes_when_one_is_in_the_room(person: Register, native: ConnectNative) -> None:
    alice = person("alice")
    for _ in range(2):
        socket = native(alice, WORDS)
        assert [event["type"] for event in socket.frames if event["type"] == "hello"] == ["hello"]
        assert COMMON_ROOM_ID in [chat["id"] for chat in alice.http.get("/chats").json()["chats"]]


def test_a_full_room_keeps_nobody_from_connecting(server: Server, person: Register, native: ConnectNative) -> None:
    with server.put("chalicelib.features.chats.joining.COMMON_ROOM_SIZE", 1):
        first, second = native(person("alice"), WORDS), native(person("bob"), WORDS)
        first.act("message", {"content": "mine"})
        assert second.refused("message", {"content": "hello?"})["code"] == "group_full"
        server.settle()
        assert second.events("message") == []


def test_other_connections_enter_with_their_first_message(
    person: Register, client: Connect, native: ConnectNative
) -> None:
    alice, bob = person("alice"), person("bob")
    ours, theirs = native(alice), client(bob, WORDS)
    assert alice.http.get("/chats").json()["chats"] == []
    sent = ours.act("message", {"content": "hello"})
    assert theirs.wait_for("message", id=sent["id"])["userId"] == alice.id
    assert ours.wait_for("message:new", id=sent["id"])["chatId"] == COMMON_ROOM_ID
