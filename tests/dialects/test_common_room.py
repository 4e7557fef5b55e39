"""A whole session of system B's client, a chat of one room, on a host that speaks its dialect."""

import pytest

from chalicelib.core.ids import COMMON_ROOM_ID
from tests.dialects.conftest import At, Listen, Refusal, signed_up
from tests.support.fields import misfits
from tests.support.reference import Client
from tests.support.server import Server

USER = {"id": int, "username": str, "avatarUrl": (str, None), "status": str}
MESSAGE = {"id": int, "userId": int, "content": str, "timestamp": str}


def _person(client: Client, username: str) -> Client:
    answer = signed_up(client, username)
    assert misfits(answer, {"token": str, "user": USER}) == []
    return client


@pytest.fixture
def alice(at: At) -> Client:
    return _person(at("common-room"), "alice")


@pytest.fixture
def bob(at: At) -> Client:
    return _person(at("common-room"), "bob")


def test_from_sign_up_to_the_room(alice: Client, bob: Client, listen: Listen) -> None:
    again = alice.ask("POST /api/auth/login", {"email": "alice@example.com", "password": "secret"})
    assert misfits(again, {"token": str, "user": USER}) == []
    listed = alice.ask("GET /api/users?_=1712345678901")
    assert misfits(listed, [USER]) == []
    assert [user["username"] for user in listed] == ["alice", "bob"]
    ours, theirs = listen(alice, "common-room"), listen(bob, "common-room")
    ours.emit("message", {"content": "Hello, room"})
    heard = [one.wait_for("message", content="Hello, room") for one in (ours, theirs)]
    assert misfits(heard, [MESSAGE]) == []
    assert {one["userId"] for one in heard} == {alice.id}
    history = bob.ask(f"GET /api/chats/{COMMON_ROOM_ID}/messages")
    assert [message["content"] for message in history["messages"]] == ["Hello, room"]


def test_the_default_namespace_of_its_own_host(alice: Client, bob: Client, server: Server, listen: Listen) -> None:
    with server.settings(dialect="common-room"):
        ours, theirs = listen(alice, ""), listen(bob, "")
        theirs.emit("message", {"content": "By the address alone"})
        heard = ours.wait_for("message", content="By the address alone")
        assert misfits(heard, MESSAGE) == []
        assert heard["userId"] == bob.id


def test_a_thousand_users_at_once(server: Server, alice: Client) -> None:
    server.sql(
        "INSERT INTO users (username, password_hash, display_name) "
        "SELECT 'user' || n, 'x', 'User ' || n FROM generate_series(1, 1200) n"
    )
    assert len(alice.ask("GET /api/users")) == 1000


def test_who_is_not_logged_in_is_refused(at: At, refusal: Refusal) -> None:
    answer = at("common-room").answer("GET /api/users")
    assert (answer.status_code, misfits(answer.json(), {"error": str, "message": str})) == (401, [])
    assert refusal("", "common-room")
