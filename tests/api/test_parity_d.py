"""Parity with system D, a messenger of conversations: its REST paths and bodies, row by row.

Its sockets are in tests/ws/test_vocabularies.py.
"""

from typing import Any

import pytest

from tests.support.reference import Client, registered
from tests.support.server import Server


@pytest.fixture
def alice(server: Server) -> Client:
    return registered(server, "alice", email="alice@example.com")


@pytest.fixture
def bob(server: Server) -> Client:
    return registered(server, "bob", email="bob@example.com")


@pytest.fixture
def conversation(alice: Client, bob: Client) -> int:
    body = {"type": "private", "participantIds": [bob.id]}
    return int(alice.ask("POST /api/conversations", body, status=201)["id"])


def _send(sender: Client, conversation: int, content: str, **more: Any) -> dict[str, Any]:
    body = {"conversationId": conversation, "content": content, **more}
    message: dict[str, Any] = sender.ask("POST /api/messages", body, status=201)
    return message


def test_auth(server: Server, alice: Client) -> None:
    session = alice.ask("POST /api/auth/login", {"email": "alice@example.com", "password": "password123"})
    assert session["token"]
    profile = alice.ask("GET /api/auth/profile")
    assert profile == alice.ask("GET /api/users/me")
    changed = alice.ask("PUT /api/auth/profile", {"displayName": "Алиса"})
    assert changed["displayName"] == "Алиса"
    assert alice.ask("GET /api/auth/profile") == changed


def test_users(alice: Client, bob: Client) -> None:
    assert [user["id"] for user in alice.ask("GET /api/users/search?q=bob")["users"]] == [bob.id]
    assert alice.ask(f"GET /api/users/{bob.id}")["username"] == "bob"


def test_conversations(server: Server, alice: Client, bob: Client, conversation: int) -> None:
    again = {"type": "private", "participantIds": [alice.id]}
    assert bob.ask("POST /api/conversations", again)["id"] == conversation, "create or get"
    one = bob.ask(f"GET /api/conversations/{conversation}")
    assert one == bob.ask(f"GET /api/chats/{conversation}"), "an alias of chats"
    _send(alice, conversation, "hello")
    [listed] = bob.ask("GET /api/conversations")["chats"]
    assert (listed["id"], listed["lastMessage"]["content"], listed["unreadCount"]) == (conversation, "hello", 1)
    registered(server, "stranger").ask(f"GET /api/conversations/{conversation}", status=404)


def test_messages(alice: Client, bob: Client, conversation: int) -> None:
    first, second = _send(alice, conversation, "one"), _send(alice, conversation, "two")
    page = bob.ask(f"GET /api/messages/conversation/{conversation}")
    assert [message["id"] for message in page["messages"]] == [second["id"], first["id"]]
    alice.ask(f"DELETE /api/messages/{first['id']}", status=204)
    page = bob.ask(f"GET /api/messages/conversation/{conversation}")
    assert [message["isDeleted"] for message in page["messages"]] == [False, True]


def test_receipts(alice: Client, bob: Client, conversation: int) -> None:
    one, two, _ = (_send(alice, conversation, content)["id"] for content in ("one", "two", "three"))

    def statuses() -> list[str]:
        page = alice.ask(f"GET /api/messages/conversation/{conversation}")
        return [message["status"] for message in reversed(page["messages"])]

    assert statuses() == ["sent", "sent", "sent"]
    bob.ask(f"POST /api/messages/{two}/delivered")
    assert statuses() == ["delivered", "delivered", "sent"]
    bob.ask(f"POST /api/messages/{one}/read")
    assert statuses() == ["read", "delivered", "sent"]
    bob.ask(f"POST /api/messages/conversation/{conversation}/read")
    assert statuses() == ["read", "read", "read"]


@pytest.mark.parametrize("kind", ["text", "image", "audio"])
def test_kinds(alice: Client, bob: Client, conversation: int, kind: str) -> None:
    _send(alice, conversation, "look", type=kind)
    [message] = bob.ask(f"GET /api/messages/conversation/{conversation}")["messages"]
    assert message["messageType"] == kind


def test_reply_to_a_message(alice: Client, bob: Client, conversation: int) -> None:
    asked = _send(alice, conversation, "Придёшь?")
    assert _send(bob, conversation, "Да", replyTo=asked["id"])["replyTo"] == asked["id"]


def test_soft_delete(server: Server, alice: Client, bob: Client, conversation: int) -> None:
    message = _send(alice, conversation, "secret")
    alice.ask(f"DELETE /api/messages/{message['id']}", status=204)
    [deleted] = bob.ask(f"GET /api/messages/conversation/{conversation}")["messages"]
    assert (deleted["id"], deleted["isDeleted"], deleted["content"]) == (message["id"], True, "")
    bob.ask(f"DELETE /api/messages/{_send(alice, conversation, 'mine')['id']}", status=403)


def test_profiles(alice: Client, bob: Client) -> None:
    names = {"firstName": "Алиса", "lastName": "Селезнёва"}
    alice.ask("PUT /api/auth/profile", names)
    seen = bob.ask(f"GET /api/users/{alice.id}")
    assert {name: seen[name] for name in names} == names


def test_per_user_delivered_read_state_is_readable_per_message(
    server: Server, alice: Client, bob: Client, conversation: int
) -> None:
    message = _send(alice, conversation, "hello")
    [receipt] = alice.ask(f"GET /api/messages/{message['id']}/receipts")["receipts"]
    assert (receipt["userId"], receipt["status"], receipt["readAt"]) == (bob.id, "sent", None)
    bob.ask(f"POST /api/messages/{message['id']}/delivered")
    assert alice.ask(f"GET /api/messages/{message['id']}/receipts")["receipts"][0]["status"] == "delivered"
    bob.ask(f"POST /api/messages/{message['id']}/read")
    [receipt] = alice.ask(f"GET /api/messages/{message['id']}/receipts")["receipts"]
    assert receipt["status"] == "read"
    assert receipt["readAt"] is not None
