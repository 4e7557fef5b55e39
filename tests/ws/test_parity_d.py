"""Parity with system D, a messenger of conversations: its sockets, row by row."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.socketio.clients import Client
from tests.support.people import Person, Register

Connect = Callable[..., Client]

WORDS = "conversations"


@pytest.fixture
def conversation(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob)


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("action", ["join:conversation", "leave:conversation"])
def test_socket_in(client: Connect, alice: Person, conversation: int, action: str, bare: bool) -> None:
    socket = client(alice, WORDS)
    data: Any = conversation if bare else {"conversationId": conversation}
    ack = socket.act(action, data)
    assert ack.get("id") == (conversation if action.startswith("join") else None)
    sent = alice.send(conversation, "still a member")
    assert socket.wait_for("message:new", id=sent["id"])["conversationId"] == conversation


def test_socket_in_join_is_for_participants(
    client: Connect, person: Register, alice: Person, conversation: int
) -> None:
    assert client(person("carol"), WORDS).refused("join:conversation", conversation)["code"] == "not_found"


def test_socket_out_conversation_created(client: Connect, alice: Person, bob: Person) -> None:
    ears = client(bob, WORDS)
    body = {"type": "private", "participantIds": [bob.id]}
    made = alice.http.post("/conversations", json=body).json()
    created = ears.wait_for("conversation:created", id=made["id"])
    assert [participant["userId"] for participant in created["participants"]] == [alice.id, bob.id]


def test_socket_out_message_new_and_message_received(
    client: Connect, alice: Person, bob: Person, conversation: int
) -> None:
    one, two = client(alice, WORDS), client(bob, WORDS)
    sent = one.act("message:send", {"conversationId": conversation, "content": "hello"})
    assert (sent["conversationId"], sent["content"]) == (conversation, "hello")
    for name in ("message:new", "message:received"):
        heard = two.wait_for(name, id=sent["id"])
        assert heard == sent
        assert "chatId" not in heard
    one.wait_for("message:new", id=sent["id"])
    assert one.events("message:received") == [], "the sender has not received it"


def test_socket_out_message_deleted(client: Connect, alice: Person, bob: Person, conversation: int) -> None:
    ears = client(bob, WORDS)
    sent = alice.send(conversation, "oops")
    alice.http.delete(f"/messages/{sent['id']}").raise_for_status()
    heard = ears.wait_for("message:deleted", conversationId=conversation)
    assert (heard["messageId"], heard["deletedBy"]) == (sent["id"], alice.id)


def test_socket_out_message_delivered(client: Connect, alice: Person, bob: Person, conversation: int) -> None:
    ears = client(alice, WORDS)
    ids = [alice.send(conversation, text)["id"] for text in ("one", "two")]
    bob.http.post(f"/messages/{ids[1]}/delivered").raise_for_status()
    heard = ears.wait_for("message:delivered", conversationId=conversation)
    assert (heard["messageId"], heard["userId"]) == (ids[1], bob.id)


@pytest.mark.parametrize("by", ["message", "conversation", "socket"])
def test_socket_out_message_read_and_conversation_read(
    client: Connect, alice: Person, bob: Person, conversation: int, by: str
) -> None:
    ears = client(alice, WORDS)
    ids = [alice.send(conversation, text)["id"] for text in ("one", "two")]
    newest = ids[0] if by == "message" else ids[1]
    if by == "message":
        bob.http.post(f"/messages/{newest}/read").raise_for_status()
    elif by == "conversation":
        bob.http.post(f"/messages/conversation/{conversation}/read").raise_for_status()
    else:
        client(bob, WORDS).emit("messages:read", {"conversationId": conversation})
    for name in ("message:read", "conversation:read"):
        heard = ears.wait_for(name, conversationId=conversation)
        assert (heard["messageId"], heard["userId"]) == (newest, bob.id)
        assert heard["readAt"].endswith("Z")
    [receipt] = alice.http.get(f"/messages/{newest}/receipts").json()["receipts"]
    assert receipt == {"userId": bob.id, "status": "read", "readAt": heard["readAt"]}


def test_reply_and_kinds(client: Connect, alice: Person, bob: Person, conversation: int) -> None:
    mouth, ears = client(alice, WORDS), client(bob, WORDS)
    asked = bob.send(conversation, "Придёшь?")
    for kind in ("text", "image", "audio"):
        reply = {"conversationId": conversation, "content": "Да", "type": kind, "replyTo": asked["id"]}
        sent = mouth.act("message:send", reply)
        heard = ears.wait_for("message:received", id=sent["id"])
        assert (heard["replyTo"], heard["messageType"]) == (asked["id"], kind)
