"""A whole session of system D's client by its own calls, and every field that it reads."""

from typing import Any

import pytest

from tests.dialects.conftest import At, Listen
from tests.support.fields import misfits
from tests.support.reference import Client
from tests.support.server import Server

USER = {
    "id": int,
    "email": (str, None),
    "name": str,
    "avatarUrl": (str, None),
    "status": str,
    "lastSeen": (str, None),
    "createdAt": (str, None),
    "updatedAt": (str, None),
}
MESSAGE = {
    "id": int,
    "conversationId": int,
    "senderId": int,
    "sender": USER,
    "type": str,
    "content": str,
    "mediaUrl": (str, None),
    "mediaMimeType": (str, None),
    "mediaDuration": (float, None),
    "replyToId": (int, None),
    "isDeleted": bool,
    "reads": [{"userId": int, "status": str, "readAt": (str, None)}],
    "createdAt": str,
    "updatedAt": str,
}
CONVERSATION = {
    "id": int,
    "type": str,
    "participants": [USER],
    "lastMessage": (MESSAGE, None),
    "unreadCount": int,
    "createdAt": str,
    "updatedAt": str,
}
PAGINATION = {"hasNext": bool, "hasPrevious": bool, "nextCursor": (str, None), "previousCursor": (str, None)}


def signed_up(client: Client, name: str) -> Client:
    body = {"name": name, "email": f"{name.lower()}@example.com", "password": "secret"}
    answer = client.ask("POST /api/auth/register", body, status=201)
    assert misfits(answer, {"token": str, "user": USER}) == []
    assert (answer["user"]["name"], answer["user"]["email"]) == (name, body["email"])
    client.log_in_with(answer["token"])
    client.id = answer["user"]["id"]
    return client


@pytest.fixture
def alice(at: At) -> Client:
    return signed_up(at("conversations"), "Alice")


@pytest.fixture
def bob(at: At) -> Client:
    return signed_up(at("conversations"), "Bob")


def test_from_sign_up_to_a_message(alice: Client, bob: Client) -> None:
    again = alice.ask("POST /api/auth/login", {"email": "alice@example.com", "password": "secret"})
    alice.log_in_with(again["token"])
    assert alice.ask("GET /api/auth/profile")["name"] == "Alice"
    changed = alice.ask("PUT /api/auth/profile/", {"name": "Alice B.", "avatarUrl": None, "status": "online"})
    assert misfits(changed, USER) == []
    assert (changed["name"], alice.ask("PUT /api/auth/profile", {"name": "Alice"})["name"]) == ("Alice B.", "Alice")
    found = alice.ask("GET /api/users/search?q=bob&_=1712345678901")
    assert misfits(found, {"data": [USER], "pagination": PAGINATION}) == []
    assert [user["id"] for user in found["data"]] == [bob.id]
    made = alice.ask("POST /api/conversations", {"otherUserId": bob.id}, status=201)
    assert misfits(made, CONVERSATION) == []
    assert alice.ask("POST /api/conversations", {"participantId": str(bob.id)})["id"] == made["id"]
    body = {"conversationId": made["id"], "content": "Привет!", "type": "text", "tempId": "x"}
    sent = alice.ask("POST /api/messages", body, status=201)
    assert misfits(sent, MESSAGE) == []
    assert (sent["sender"]["id"], sent["sender"]["name"]) == (alice.id, "Alice")
    reply = {"conversationId": str(made["id"]), "content": "И тебе", "replyToId": sent["id"]}
    assert bob.ask("POST /api/messages", reply, status=201)["replyToId"] == sent["id"]
    listed = alice.ask("GET /api/conversations?limit=1000")
    assert misfits(listed, {"data": [CONVERSATION], "pagination": PAGINATION}) == []
    assert (listed["data"][0]["lastMessage"]["content"], listed["data"][0]["unreadCount"]) == ("И тебе", 1)
    history = bob.ask(f"GET /api/messages/conversation/{made['id']}?limit=50")
    assert misfits(history, {"data": [MESSAGE], "pagination": PAGINATION}) == []
    assert [message["content"] for message in history["data"]] == ["И тебе", "Привет!"]
    assert [message["sender"]["name"] for message in history["data"]] == ["Bob", "Alice"]
    matches = bob.ask(f"GET /api/messages/conversation/{made['id']}/search?q=привет&_=17")
    assert misfits(matches, {"data": [MESSAGE], "pagination": PAGINATION}) == []
    assert [message["id"] for message in matches["data"]] == [sent["id"]]
    assert bob.ask(f"GET /api/messages/conversation/{made['id']}/search?q=")["data"] == history["data"]
    names = [person["name"] for person in listed["data"][0]["participants"]]
    assert names == ["Alice", "Bob"]
    group = alice.ask("POST /api/conversations", {"name": "Us", "participantIds": [bob.id]}, status=201)
    story = bob.ask(f"GET /api/messages/conversation/{group['id']}?limit=50")
    assert misfits(story, {"data": [MESSAGE], "pagination": PAGINATION}) == []
    told = [(message["type"], message["content"], message["sender"]["name"]) for message in story["data"]]
    assert told == [("text", "alice made the group “Us” with bob", "Alice")]


def test_errors_are_plain_sentences(alice: Client, at: At) -> None:
    def told(answer: Any, status: int) -> str:
        assert answer.status_code == status, answer.text
        body = answer.json()
        assert misfits(body, {"error": str, "message": str}) == []
        assert "errors" not in body
        return str(body["message"])

    assert "password" in told(alice.answer("POST /api/auth/register", {"name": "Eve", "password": "short"}), 400)
    told(alice.answer("GET /api/messages/conversation/999"), 404)
    told(alice.answer("GET /api/nothing/here"), 404)
    told(at("conversations").answer("GET /api/conversations"), 401)


UPDATES = [{"userId": int, "unreadCount": int}]
UNIFIED = {"conversationId": int, "message": MESSAGE, "conversationUpdates": UPDATES}
STATUS = {
    "conversationId": int,
    "updates": [{"messageId": int, "userId": int, "status": str, "readAt": (str, None)}],
    "conversationUpdates": UPDATES,
}


def test_a_conversation_by_socket(alice: Client, bob: Client, listen: Listen) -> None:
    ours, theirs = listen(alice, "conversations"), listen(bob, "conversations")
    made = alice.ask("POST /api/conversations", {"otherUserId": bob.id}, status=201)
    created = theirs.wait_for("conversation:created", id=made["id"])
    assert misfits(created, CONVERSATION) == []
    assert ours.call("conversation:join", {"conversationId": made["id"]})["success"] is True
    assert theirs.call("join:conversation", str(made["id"]))["success"] is True
    ours.emit("presence:ping", {"at": 1})
    ours.emit("a ping of its own")
    asked = {"conversationId": made["id"], "content": "Привет!", "type": "text", "replyToId": None, "tempId": "t1"}
    ack = ours.call("message:send", asked)
    assert misfits(ack, {"success": bool, "message": MESSAGE}) == []
    sent = ack["message"]
    assert sent["sender"]["name"] == "Alice"
    unified = theirs.wait_for("message:unified", conversationId=made["id"])
    assert misfits(unified, UNIFIED) == []
    assert (unified["message"]["id"], unified["message"]["content"]) == (sent["id"], "Привет!")
    assert unified["message"]["sender"]["name"] == "Alice"
    assert unified["conversationUpdates"] == [{"userId": bob.id, "unreadCount": 1}]
    own = ours.wait_for("message:unified", conversationId=made["id"])
    assert own["conversationUpdates"] == [{"userId": alice.id, "unreadCount": 0}]
    body = {"conversationId": made["id"], "content": "Ещё"}
    more = [alice.ask("POST /api/messages", body, status=201)["id"] for _ in range(2)]
    newest = theirs.wait_for("message:unified", conversationUpdates=[{"userId": bob.id, "unreadCount": 3}])
    assert newest["message"]["id"] == more[1]
    alice.ask(f"DELETE /api/messages/{more[0]}")
    deleted = theirs.wait_for("message:deleted", conversationId=made["id"])
    assert deleted["conversationUpdates"] == [{"userId": bob.id, "unreadCount": 2}]
    assert deleted["deletedMessageIds"] == [more[0]]
    assert theirs.wait_for("message:received", id=sent["id"]) == unified["message"]
    theirs.emit("message:read", {"conversationId": made["id"], "messageIds": [sent["id"]]})
    status = ours.wait_for("status:unified", conversationId=made["id"])
    assert misfits(status, STATUS) == []
    [update] = status["updates"]
    assert (update["messageId"], update["userId"], update["status"]) == (sent["id"], bob.id, "read")
    assert status["conversationUpdates"] == [], "what is left to Bob is his to know"
    theirs.wait_for("status:unified", conversationUpdates=[{"userId": bob.id, "unreadCount": 1}])
    history = alice.ask(f"GET /api/messages/conversation/{made['id']}")["data"]
    assert misfits(history, [MESSAGE]) == []
    assert isinstance(update["readAt"], str)
    assert history[-1]["reads"] == [{"userId": bob.id, "status": "read", "readAt": update["readAt"]}]
    assert ours.wait_for("message:read")["conversationId"] == made["id"]
    theirs.emit("typing:start", {"conversationId": made["id"]})
    assert ours.wait_for("typing:start", conversationId=made["id"])["userId"] == bob.id
    alice.ask(f"DELETE /api/messages/{sent['id']}")
    deleted = theirs.wait_for("message:deleted", deletedMessageIds=[sent["id"]])
    assert deleted["conversationUpdates"] == [{"userId": bob.id, "unreadCount": 1}], "what he had read counts no less"
    assert ours.events("error") == ours.events("message:received") == []


def test_lists_go_on_before_a_message_and_may_be_bare(alice: Client, bob: Client, server: Server) -> None:
    made = alice.ask("POST /api/conversations", {"userId": bob.id}, status=201)["id"]
    body = {"conversationId": made, "content": "one of three"}
    ids = [alice.ask("POST /api/messages", body, status=201)["id"] for _ in range(3)]
    path = f"GET /api/messages/conversation/{made}?limit=2"
    page = bob.ask(path)
    assert [message["id"] for message in page["data"]] == [ids[2], ids[1]]
    assert (page["pagination"]["hasNext"], page["pagination"]["nextCursor"]) == (True, str(ids[1]))
    for name in ("before", "cursor"):
        rest = bob.ask(f"{path}&{name}={ids[1]}")
        assert ([message["id"] for message in rest["data"]], rest["pagination"]["hasNext"]) == ([ids[0]], False)
    with server.settings(dialect_bare_lists=True):
        assert misfits(bob.ask(path), [MESSAGE]) == []
        assert misfits(bob.ask("GET /api/conversations"), [CONVERSATION]) == []
        assert misfits(bob.ask("GET /api/users/search?q=alice"), [USER]) == []


def test_receipts_name_each_message(alice: Client, bob: Client, listen: Listen) -> None:
    ours, theirs = listen(alice, "conversations"), listen(bob, "conversations")
    made = alice.ask("POST /api/conversations", {"otherUserId": bob.id}, status=201)["id"]
    body = {"conversationId": made, "content": "one of three"}
    ids = [alice.ask("POST /api/messages", body, status=201)["id"] for _ in range(3)]
    theirs.emit("message:delivered", {"conversationId": made, "messageId": ids[1]})
    told = {"userId": bob.id, "status": "delivered", "readAt": None}
    ours.wait_for("status:unified", updates=[{"messageId": one, **told} for one in (ids[1], ids[0])])
    bob.ask(f"POST /api/messages/{ids[1]}/read")
    read = ours.wait_for("message:read", messageId=ids[1])
    told = {"userId": bob.id, "status": "read", "readAt": read["readAt"]}
    status = ours.wait_for("status:unified", updates=[{"messageId": one, **told} for one in (ids[1], ids[0])])
    assert misfits(status, STATUS) == []
    refused = theirs.call("message:read", {"conversationId": made, "messageIds": ["none of them"]})
    assert (refused["success"], type(refused["error"])) == (False, str)
    assert bob.ask("GET /api/conversations")["data"][0]["unreadCount"] == 1, "what is no id stands for no message"
    assert theirs.call("conversation:leave", {"conversationId": made})["success"] is True
    theirs.disconnect()
    gone = ours.wait_for("user:status", userId=bob.id, status="offline")
    assert isinstance(gone["lastSeen"], str)


def test_what_a_socket_is_refused(alice: Client, bob: Client, listen: Listen, at: At) -> None:
    made = alice.ask("POST /api/conversations", {"otherUserId": bob.id}, status=201)
    mallory = signed_up(at("conversations"), "Mallory")
    socket = listen(mallory, "conversations")
    for name, data in (("message:send", {"content": "x"}), ("conversation:join", {}), ("message:read", {})):
        ack = socket.call(name, {"conversationId": made["id"], **data})
        assert ack["success"] is False
        assert misfits(ack, {"error": str, "message": str}) == []
    assert socket.call("no:such:event", {})["success"] is False
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("message:send", {"content": "x"}, "conversationId"),
        ("message:send", {"conversationId": "x", "content": "x"}, "conversationId"),
        ("message:send", {"conversationId": 1, "content": "x", "replyToId": "y"}, "replyToId"),
        ("message:read", {"conversationId": 1, "messageIds": ["y"]}, "messageIds"),
        ("typing:start", {}, "conversationId"),
    ]
    for name, given, field in refused:
        assert socket.call(name, given)["error"].startswith(f"{field}: "), name
    socket.emit("message:send", {"conversationId": made["id"], "content": "x"})
    assert misfits(socket.wait_for("error"), {"message": str}) == []
