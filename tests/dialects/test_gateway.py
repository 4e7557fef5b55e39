"""A whole session of system E's client by its own calls, and every field that it reads."""

import pytest

from tests.dialects.conftest import At, Listen
from tests.support.fields import misfits
from tests.support.reference import Client

USER = {
    "_id": str,
    "name": str,
    "email": (str, None),
    "userId": str,
    "avatar": (str, None),
    "status": str,
}
MESSAGE = {
    "_id": str,
    "sender": USER,
    "chat": str,
    "text": str,
    "type": str,
    "status": str,
    "isDeleted": bool,
    "replyTo": ({"_id": str, "text": str}, None),
    "editedAt": (str, None),
    "createdAt": str,
    "updatedAt": str,
}
CHAT = {
    "_id": str,
    "type": str,
    "name": (str, None),
    "participants": [USER],
    "lastMessage": (MESSAGE, None),
    "unreadCount": int,
}


def signed_up(client: Client, name: str) -> Client:
    body = {"name": name, "email": f"{name.lower()}@example.com", "password": "secret1"}
    answer = client.ask("POST /api/auth/register", body, status=201)
    assert misfits(answer, {"access_token": str, "user": USER}) == []
    client.log_in_with(answer["access_token"])
    client.id = int(answer["user"]["_id"])
    return client


@pytest.fixture
def alice(at: At) -> Client:
    return signed_up(at("gateway"), "Alice")


@pytest.fixture
def bob(at: At) -> Client:
    return signed_up(at("gateway"), "Bob")


def test_from_sign_up_to_a_group(alice: Client, bob: Client) -> None:
    found = alice.ask("GET /api/users/search?query=bob&limit=20&skip=0")
    assert misfits(found, {"users": [USER], "total": int, "limit": int, "skip": int, "hasMore": bool}) == []
    assert [user["_id"] for user in found["users"]] == [str(bob.id)]
    assert (found["total"], found["limit"], found["skip"], found["hasMore"]) == (1, 20, 0, False)
    checked = alice.ask(f"POST /api/chats/find-or-check/{bob.id}", {}, status=201)
    assert misfits(checked, {"exists": bool, "chat": CHAT}) == []
    chat = checked["chat"]["_id"]
    again = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)})
    assert (again["_id"], again["type"]) == (chat, "personal")
    sent = alice.ask("POST /api/messages", {"chat": chat, "text": "Привет"}, status=201)
    assert misfits(sent, {"success": bool, "message": MESSAGE}) == []
    first = sent["message"]
    answer = {"chat": chat, "text": "И тебе", "type": "voice", "replyTo": first["_id"]}
    second = bob.ask("POST /api/messages", answer, status=201)["message"]
    assert (second["type"], second["replyTo"]["_id"]) == ("voice", first["_id"])
    assert bob.ask(f"PATCH /api/messages/{first['_id']}", {"status": "read"})["success"] is True
    assert bob.ask(f"PATCH /api/messages/{second['_id']}", {"text": "И тебе!"})["text"] == "И тебе!"
    assert alice.ask(f"PATCH /api/chats/{chat}/read")["success"] is True
    third = alice.ask("POST /api/messages", {"chat": chat, "text": "three"}, status=201)["message"]
    page = bob.ask(f"GET /api/chats/{chat}/messages?limit=2")
    assert misfits(page, {"messages": [MESSAGE], "hasMore": bool}) == []
    assert [message["_id"] for message in page["messages"]] == [second["_id"], third["_id"]]
    assert page["hasMore"] is True
    matches = bob.ask("GET /api/messages/search?q=привет")
    assert misfits(matches, {"messages": [MESSAGE], "hasMore": bool}) == []
    assert [message["_id"] for message in matches["messages"]] == [first["_id"]]
    older = bob.ask(f"GET /api/messages/chats/{chat}?before={second['createdAt']}")
    assert ([message["_id"] for message in older["messages"]], older["hasMore"]) == ([first["_id"]], False)
    assert alice.ask(f"DELETE /api/messages/{third['_id']}")["success"] is True
    shown = bob.ask(f"GET /api/chats/{chat}/messages")["messages"]
    assert [message["_id"] for message in shown] == [first["_id"], second["_id"]]
    group = alice.ask("POST /api/chats", {"type": "group", "name": "Us", "participants": [str(bob.id)]}, status=201)
    assert (group["type"], group["name"]) == ("group", "Us")
    listed = bob.ask("GET /api/chats")
    assert misfits(listed, [CHAT]) == []
    assert {one["_id"] for one in listed} == {chat, group["_id"]}
    [told] = bob.ask(f"GET /api/chats/{group['_id']}/messages")["messages"]
    assert misfits(told, MESSAGE) == []
    assert (told["type"], told["sender"]["_id"]) == ("text", str(alice.id))
    assert told["text"] == "alice made the group “Us” with bob"


def test_a_chat_by_socket(alice: Client, bob: Client, listen: Listen) -> None:
    ours, theirs = listen(alice, "gateway"), listen(bob, "gateway")
    assert ours.call("user:join", {"userId": str(alice.id)})["success"] is True
    chat = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)}, status=201)["_id"]
    assert misfits(theirs.wait_for("chat:created", _id=chat), CHAT) == []
    assert ours.call("chat:join", {"chatId": chat})["success"] is True
    ack = ours.call("message:send", {"chatId": chat, "text": "live"})
    assert misfits(ack, {"success": bool, "message": MESSAGE}) == []
    sent = ack["message"]["_id"]
    heard = theirs.wait_for("message:new", _id=sent)
    assert misfits(heard, MESSAGE) == []
    theirs.emit("message:typing", {"chatId": chat, "isTyping": True})
    typing = ours.wait_for("message:typing", isTyping=True)
    assert typing == {"chatId": chat, "userId": str(bob.id), "isTyping": True}
    bob.ask(f"PATCH /api/chats/{chat}/read")
    read = ours.wait_for("messages:read", chatId=chat)
    assert (read["readBy"], read["messageIds"]) == (str(bob.id), [sent])
    alice.ask(f"PATCH /api/messages/{sent}", {"text": "edited"})
    edited = theirs.wait_for("message:edited", _id=sent)
    assert misfits(edited, MESSAGE) == []
    assert isinstance(edited["editedAt"], str)
    alice.ask(f"DELETE /api/messages/{sent}")
    assert theirs.wait_for("message:deleted", messageId=sent)["chatId"] == chat


def test_refusals(alice: Client, bob: Client, at: At, listen: Listen) -> None:
    chat = alice.ask("POST /api/chats", {"type": "personal", "participantId": str(bob.id)}, status=201)["_id"]
    mallory = signed_up(at("gateway"), "Mallory")
    for line, body in (
        (f"GET /api/chats/{chat}/messages", None),
        ("POST /api/messages", {"chat": chat, "text": "x"}),
        (f"PATCH /api/chats/{chat}/read", {}),
    ):
        answer = mallory.answer(line, body)
        assert (answer.status_code, misfits(answer.json(), {"error": str, "message": str})) == (404, []), line
    ack = listen(mallory, "gateway").call("message:send", {"chatId": chat, "text": "x"})
    assert (ack["success"], type(ack["error"])) == (False, str)
