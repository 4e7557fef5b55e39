"""Parity with system A, a backend for a Flutter client: its REST paths and bodies, row by row.

Its sockets are in tests/ws/test_socketio.py, the commands of its README in test_reference_curl.py.
"""

from typing import Any

import httpx
import pytest

from tests.support.reference import Client, client, registered
from tests.support.server import Server
from tests.support.socket import Socket


@pytest.fixture
def testuser(server: Server) -> Client:
    return registered(server, "testuser", email="test@example.com")


@pytest.fixture
def friend(server: Server, testuser: Client) -> Client:
    """Registered second: user 2."""
    assert testuser.id == 1
    return registered(server, "friend", email="friend@example.com")


@pytest.fixture
def chat(testuser: Client, friend: Client) -> int:
    made = testuser.ask("POST /api/chats", {"type": "private", "participantIds": [friend.id]}, status=201)
    return int(made["id"])


def _send(sender: Client, chat: int, content: str, message_type: str = "text", **more: Any) -> dict[str, Any]:
    body = {"chatId": chat, "content": content, "messageType": message_type, **more}
    message: dict[str, Any] = sender.ask("POST /api/messages", body, status=201)
    return message


def test_register(server: Server) -> None:
    body = {"username": "testuser", "email": "test@example.com", "password": "password123"}
    session = client(server).ask("POST /api/auth/register", body, status=201)
    assert session["token"]
    expected = {"id": 1, "username": "testuser", "email": "test@example.com"}
    assert {name: session["user"][name] for name in expected} == expected
    assert "password" not in str(session)


def test_log_in(server: Server, testuser: Client) -> None:
    anew = client(server)
    session = anew.ask("POST /api/auth/login", {"email": "test@example.com", "password": "password123"})
    assert session["user"]["id"] == testuser.id
    anew.log_in_with(session["token"])
    assert anew.ask("GET /api/users/me")["username"] == "testuser"
    anew.ask("POST /api/auth/login", {"email": "test@example.com", "password": "wrong"}, status=401)


def test_check_a_token(server: Server, testuser: Client) -> None:
    assert testuser.ask("GET /api/auth/verify")["user"]["id"] == testuser.id
    client(server).ask("GET /api/auth/verify", status=401)


def test_me(testuser: Client) -> None:
    me = testuser.ask("GET /api/users/me")
    assert (me["id"], me["username"], me["email"]) == (testuser.id, "testuser", "test@example.com")


def test_find_users(testuser: Client, friend: Client) -> None:
    found = testuser.ask("GET /api/users/search?q=fri")["users"]
    assert [user["id"] for user in found] == [friend.id]


def test_one_user(testuser: Client, friend: Client) -> None:
    user = testuser.ask(f"GET /api/users/{friend.id}")
    assert user["username"] == "friend"
    assert "email" not in user


def test_create_chat(server: Server, testuser: Client, friend: Client) -> None:
    private = {"type": "private", "participantIds": [2]}
    made = testuser.ask("POST /api/chats", private, status=201)
    assert [participant["userId"] for participant in made["participants"]] == [testuser.id, friend.id]
    assert testuser.ask("POST /api/chats", private)["id"] == made["id"], "two users share one"
    third = registered(server, "third")
    group = {"type": "group", "name": "Команда", "participantIds": [friend.id, third.id]}
    made = testuser.ask("POST /api/chats", group, status=201)
    assert (made["type"], made["name"], len(made["participants"])) == ("group", "Команда", 3)


def test_my_chats(testuser: Client, friend: Client, chat: int) -> None:
    _send(friend, chat, "one")
    last = _send(friend, chat, "two")
    [listed] = testuser.ask("GET /api/chats")["chats"]
    assert listed["id"] == chat
    assert listed["lastMessage"]["id"] == last["id"]
    assert listed["unreadCount"] == 2


def test_one_chat_change_chat(testuser: Client, friend: Client) -> None:
    group = {"type": "group", "name": "Команда", "participantIds": [friend.id]}
    made = testuser.ask("POST /api/chats", group, status=201)["id"]
    assert testuser.ask(f"GET /api/chats/{made}")["name"] == "Команда"
    assert testuser.ask(f"PATCH /api/chats/{made}", {"name": "Друзья"})["name"] == "Друзья"
    assert friend.ask(f"GET /api/chats/{made}")["name"] == "Друзья"


def test_members(server: Server, testuser: Client, friend: Client) -> None:
    third = registered(server, "third")
    group = {"type": "group", "name": "Команда", "participantIds": [friend.id]}
    made = testuser.ask("POST /api/chats", group, status=201)["id"]
    grown = testuser.ask(f"POST /api/chats/{made}/participants", {"userId": third.id})
    assert grown["participantCount"] == 3
    assert third.ask(f"GET /api/chats/{made}")["id"] == made
    testuser.ask(f"DELETE /api/chats/{made}/participants/{third.id}", status=204)
    third.ask(f"GET /api/chats/{made}", status=404)


def test_history(testuser: Client, friend: Client, chat: int) -> None:
    for content in ("one", "two", "three"):
        _send(testuser, chat, content)
    page = friend.ask(f"GET /api/messages/chat/{chat}?limit=2")
    assert [message["content"] for message in page["messages"]] == ["three", "two"]
    assert page["hasMore"] is True
    assert page == friend.ask(f"GET /api/chats/{chat}/messages?limit=2"), "an alias of our own path"


def test_send(testuser: Client, friend: Client, chat: int) -> None:
    message = _send(testuser, chat, "Привет! Как дела?")
    assert (message["senderId"], message["content"], message["messageType"]) == (1, "Привет! Как дела?", "text")
    [heard] = friend.ask(f"GET /api/messages/chat/{chat}")["messages"]
    assert heard["id"] == message["id"]


def test_mark_read(testuser: Client, friend: Client, chat: int) -> None:
    _send(testuser, chat, "one")
    assert friend.ask("GET /api/chats")["chats"][0]["unreadCount"] == 1
    marks = friend.ask(f"POST /api/messages/chat/{chat}/read")
    assert (marks["readSeq"], marks["unreadCount"]) == (1, 0)
    assert friend.ask("GET /api/chats")["chats"][0]["unreadCount"] == 0
    assert testuser.ask(f"GET /api/messages/chat/{chat}")["messages"][0]["status"] == "read"


def test_one_message(server: Server, testuser: Client, friend: Client, chat: int) -> None:
    message = _send(testuser, chat, "one")
    assert friend.ask(f"GET /api/messages/{message['id']}")["content"] == "one"
    registered(server, "stranger").ask(f"GET /api/messages/{message['id']}", status=404)


def _store(owner: Client, form: dict[str, Any], content: bytes) -> int:
    """Sends a file as the answer says, and has it checked."""
    assert form["method"] == "POST"
    stored = httpx.post(form["url"], data=form["fields"], files={"file": content}, timeout=30)
    assert stored.is_success, stored.text
    return int(owner.ask(f"POST /api/uploads/{form['id']}/complete")["id"])


def test_upload_one_several(testuser: Client, friend: Client, chat: int) -> None:
    text = {"filename": "a.txt", "contentType": "text/plain", "size": 5}
    forms = [testuser.ask("POST /api/upload", text, status=201)]
    forms += testuser.ask("POST /api/upload/multiple", {"files": [text, text]}, status=201)["uploads"]
    files = [_store(testuser, form, b"Hello") for form in forms]
    message = _send(testuser, chat, "", "file", attachments=files)
    assert [attachment["filename"] for attachment in message["attachments"]] == ["a.txt"] * 3
    download = friend.ask(f"GET /api/uploads/{files[0]}")
    assert httpx.get(download["url"], timeout=30).content == b"Hello"


def test_upload_10_mb_per_file(testuser: Client) -> None:
    for size, status in ((10 * 1024 * 1024, 201), (10 * 1024 * 1024 + 1, 413)):
        body = {"filename": "a.txt", "contentType": "text/plain", "size": size}
        testuser.ask("POST /api/upload", body, status=status)


def test_online_offline_status(server: Server, testuser: Client, friend: Client) -> None:
    assert testuser.ask(f"GET /api/users/{friend.id}")["status"] == "offline"
    socket = Socket(f"{server.socket_url}?token={friend.token}")
    socket.wait_for("hello")
    testuser.wait_for(f"GET /api/users/{friend.id}", status="online")
    socket.close()
    assert testuser.wait_for(f"GET /api/users/{friend.id}", status="offline")["lastSeenAt"] is not None


def test_read_marks(testuser: Client, friend: Client, chat: int) -> None:
    _send(testuser, chat, "one")
    friend.ask(f"POST /api/messages/chat/{chat}/read")
    participants = {one["userId"]: one for one in testuser.ask(f"GET /api/chats/{chat}")["participants"]}
    assert participants[friend.id]["readSeq"] == 1


def test_files_and_media(testuser: Client, friend: Client, chat: int) -> None:
    for kind in ("image", "file", "audio", "video"):
        assert _send(testuser, chat, "see this", kind)["messageType"] == kind
    assert len(friend.ask(f"GET /api/messages/chat/{chat}")["messages"]) == 4
