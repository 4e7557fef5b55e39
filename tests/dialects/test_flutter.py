"""A whole session of system A's client by its own calls, and every field that it reads."""

import pytest

from tests.dialects.conftest import At, Listen, Refusal, signed_up
from tests.support.fields import misfits
from tests.support.reference import Client
from tests.support.server import Server

USER = {
    "id": int,
    "username": str,
    "email": (str, None),
    "avatar_url": (str, None),
    "status": str,
    "last_seen": (str, None),
    "created_at": (str, None),
}
MESSAGE = {
    "id": int,
    "chat_id": int,
    "sender_id": int,
    "sender_username": str,
    "sender_avatar": (str, None),
    "content": str,
    "message_type": str,
    "fileUrl": (str, None),
    "fileName": (str, None),
    "is_read": bool,
    "created_at": str,
}
CHAT = {
    "id": int,
    "type": str,
    "name": (str, None),
    "avatar": (str, None),
    "created_by": int,
    "participants": [USER],
    "last_message": (str, None),
    "last_message_time": (str, None),
    "unread_count": int,
    "created_at": str,
    "updated_at": str,
}


def _person(client: Client, username: str) -> Client:
    answer = signed_up(client, username)
    assert misfits(answer, {"token": str, "user": USER}) == []
    return client


@pytest.fixture
def alice(at: At) -> Client:
    return _person(at("flutter"), "alice")


@pytest.fixture
def bob(at: At) -> Client:
    return _person(at("flutter"), "bob")


def test_from_sign_up_to_a_group(alice: Client, bob: Client) -> None:
    again = alice.ask("POST /api/auth/login", {"email": "alice@example.com", "password": "secret"})
    assert misfits(again, {"token": str, "user": USER}) == []
    assert alice.ask("GET /api/auth/verify")["user"]["id"] == alice.id
    assert alice.ask("PATCH /api/users/me", {"username": "alice", "name": "Алиса"})["displayName"] == "Алиса"
    assert alice.ask("PATCH /api/users/me", {"username": "alice_2"})["username"] == "alice_2"
    found = alice.ask("GET /api/users/search/?search=bob")
    assert misfits(found, [USER]) == []
    assert [user["id"] for user in found] == [bob.id]
    chat = alice.ask("POST /api/chats", {"type": "private", "participantIds": [bob.id]}, status=201)
    assert misfits(chat, CHAT) == []
    assert alice.ask("POST /api/chats", {"participantIds": [str(bob.id)]})["id"] == chat["id"]
    body = {"chatId": chat["id"], "content": "Привет! Как дела?", "messageType": "text", "localId": "1"}
    sent = alice.ask("POST /api/messages", body, status=201)
    assert misfits(sent, MESSAGE) == []
    bob.ask("POST /api/messages", {"chatId": str(chat["id"]), "content": "Хорошо"}, status=201)
    history = bob.ask(f"GET /api/messages/chat/{chat['id']}?limit=1000&offset=0")
    assert misfits(history, [MESSAGE]) == []
    assert [message["content"] for message in history] == ["Привет! Как дела?", "Хорошо"]
    matches = bob.ask("GET /api/messages/search?q=привет")
    assert misfits(matches, [MESSAGE]) == []
    assert [message["id"] for message in matches] == [sent["id"]]
    assert bob.ask(f"DELETE /api/messages/{history[1]['id']}")["success"] is True
    assert [one["id"] for one in bob.ask(f"GET /api/messages/chat/{chat['id']}?limit=1000")] == [sent["id"]]
    assert bob.ask(f"POST /api/messages/chat/{chat['id']}/read", {})["success"] is True
    group = alice.ask("POST /api/chats", {"type": "group", "name": "Three", "participantIds": bob.id}, status=201)
    assert (group["name"], len(group["participants"])) == ("Three", 2)
    listed = bob.ask("GET /api/chats")
    assert misfits(listed, [CHAT]) == []
    story = f"{alice.ask('GET /api/users/me')['username']} made the group “Three” with bob"
    assert {one["id"]: one["last_message"] for one in listed}[group["id"]] == story
    [told] = bob.ask(f"GET /api/messages/chat/{group['id']}?limit=1000")
    assert misfits(told, MESSAGE) == []
    assert (told["content"], told["message_type"], told["sender_id"]) == (story, "text", alice.id)
    assert misfits(bob.ask("GET /api/chats?limit=1&offset=1"), [CHAT]) == []
    assert len(bob.ask("GET /api/chats?limit=1&offset=1")) == 1


def test_a_thousand_at_once(server: Server, alice: Client, bob: Client) -> None:
    chat = alice.ask("POST /api/chats", {"type": "private", "participantIds": [bob.id]}, status=201)
    server.write_many(chat["id"], alice.id, "x", 1200)
    history = bob.ask(f"GET /api/messages/chat/{chat['id']}?limit=1000&offset=100")
    assert len(history) == 1000
    ids = [message["id"] for message in history]
    assert ids == sorted(ids)
    older = bob.ask(f"GET /api/messages/chat/{chat['id']}/?limit=1000&offset=1100&_=17")
    assert [message["id"] for message in older] == list(range(min(ids) - 100, min(ids)))


def test_a_chat_by_socket(alice: Client, bob: Client, listen: Listen) -> None:
    chat = alice.ask("POST /api/chats", {"type": "private", "participantIds": [bob.id]}, status=201)
    ours, theirs = listen(alice, "flutter"), listen(bob, "flutter")
    ours.emit("chat:join", chat["id"])
    assert misfits(ours.wait_for("chat:joined"), {"chatId": int}) == []
    ours.emit("message:send", {"chatId": chat["id"], "content": "live", "messageType": "text"})
    heard = theirs.wait_for("message:new", chat_id=chat["id"])
    assert misfits(heard, MESSAGE) == []
    updated = theirs.wait_for("chat:updated", chatId=chat["id"])
    assert updated["lastMessage"] == "live"
    theirs.emit("messages:read", {"chatId": chat["id"], "messageIds": [heard["id"]]})
    read = ours.wait_for("messages:read", chatId=chat["id"])
    assert (read["userId"], read["messageIds"]) == (bob.id, [heard["id"]])
    more = [alice.ask("POST /api/messages", {"chatId": chat["id"], "content": "x"}, status=201) for _ in range(2)]
    bob.ask(f"POST /api/messages/chat/{chat['id']}/read")
    ours.wait_for("messages:read", messageIds=[more[1]["id"], more[0]["id"]])
    theirs.emit("typing:start", {"chatId": chat["id"]})
    assert misfits(ours.wait_for("typing:start", chatId=chat["id"]), {"userId": int, "username": str}) == []
    theirs.emit("typing:stop", {"chatId": chat["id"]})
    assert ours.wait_for("typing:stop", chatId=chat["id"])["username"] == "bob"
    ours.emit("message:send", {"chatId": 999, "content": "x"})
    assert misfits(ours.wait_for("error"), {"message": str}) == []
    ours.emit("ping", {})
    ours.emit("heartbeat")


def test_without_a_good_token_a_socket_says_so(server: Server, refusal: Refusal) -> None:
    for token in ("", "x.y.z", 5, ["x"]):
        assert refusal(token, "flutter").startswith("Authentication error: ")
