"""Parity with system C, a Skype-like messenger: its REST paths and bodies, row by row.

Its socket is in tests/ws/test_connect.py.
"""

import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.pictures import upload
from tests.support.reference import Client, client, registered
from tests.support.server import Server
from tests.support.socket import Socket

ROOT = Path(__file__).parents[2]


@pytest.fixture
def alice(server: Server) -> Client:
    return registered(server, "alice", email="alice@example.com", firstName="Алиса", lastName="Иванова")


@pytest.fixture
def bob(server: Server) -> Client:
    return registered(server, "bob", email="bob@example.com")


@pytest.fixture
def chat(alice: Client, bob: Client) -> int:
    body = {"type": "group", "name": "Team", "description": "All of us", "participantIds": [bob.id]}
    return int(alice.ask("POST /api/v1/chats", body, status=201)["id"])


def _send(sender: Client, chat: int, content: str, **more: Any) -> dict[str, Any]:
    body = {"chatId": chat, "content": content, **more}
    message: dict[str, Any] = sender.ask("POST /api/v1/messages", body, status=201)
    return message


def test_prefix(alice: Client, chat: int) -> None:
    _send(alice, chat, "hello")
    for path in ("users/me", "chats", f"chats/{chat}", f"chats/{chat}/messages", f"messages?chatId={chat}", "health"):
        prefixed = alice.ask(f"GET /api/v1/{path}")
        assert path == "health" or prefixed == alice.ask(f"GET /api/{path}")


def test_register_log_in_log_out(server: Server) -> None:
    body = {"username": "carol", "email": "carol@example.com", "password": "password123"}
    carol = client(server)
    carol.ask("POST /api/v1/auth/register", body, status=201)
    session = carol.ask("POST /api/v1/auth/login", {"email": body["email"], "password": body["password"]})
    carol.log_in_with(session["token"])
    assert carol.ask("GET /api/v1/users/me")["username"] == "carol"
    carol.ask("POST /api/v1/auth/logout", status=204)
    carol.ask("GET /api/v1/users/me", status=401)


def test_users(alice: Client, bob: Client) -> None:
    assert alice.ask("GET /api/v1/users/me")["id"] == alice.id
    assert {user["id"] for user in alice.ask("GET /api/v1/users")["users"]} == {alice.id, bob.id}
    assert alice.ask("PUT /api/v1/users/me", {"lastName": "Петрова"})["lastName"] == "Петрова"
    assert alice.ask("PUT /api/v1/users/status", {"status": "busy"})["status"] == "busy"


def test_chats(server: Server, alice: Client, bob: Client, chat: int) -> None:
    assert [one["id"] for one in bob.ask("GET /api/v1/chats")["chats"]] == [chat]
    assert bob.ask(f"GET /api/v1/chats/{chat}")["name"] == "Team"
    assert alice.ask(f"PUT /api/v1/chats/{chat}", {"name": "The team"})["name"] == "The team"
    bob.ask(f"PUT /api/v1/chats/{chat}", {"name": "Mine"}, status=403)
    bob.ask(f"DELETE /api/v1/chats/{chat}", status=403)
    alice.ask(f"DELETE /api/v1/chats/{chat}", status=204)
    bob.ask(f"GET /api/v1/chats/{chat}", status=404)


def test_messages(alice: Client, bob: Client, chat: int) -> None:
    message = _send(alice, chat, "hello")
    page = bob.ask(f"GET /api/v1/messages?chatId={chat}")
    assert [one["id"] for one in page["messages"] if one["messageType"] != "system"] == [message["id"]]
    edited = alice.ask(f"PUT /api/v1/messages/{message['id']}", {"content": "hello, all"})
    assert (edited["content"], edited["isEdited"]) == ("hello, all", True)
    alice.ask(f"DELETE /api/v1/messages/{message['id']}", status=204)
    assert bob.ask(f"GET /api/v1/messages?chatId={chat}")["messages"][0]["isDeleted"] is True


def test_messages_by_chat_id_take_what_history_takes(alice: Client, chat: int) -> None:
    seqs = [_send(alice, chat, str(number))["seq"] for number in range(5)]
    page = alice.ask(f"GET /api/v1/messages?chatId={chat}&limit=2&before={seqs[3]}")
    assert [one["content"] for one in page["messages"]] == ["2", "1"]
    page = alice.ask(f"GET /api/v1/messages?chatId={chat}&limit=1&cursor={page['nextCursor']}")
    assert [one["content"] for one in page["messages"]] == ["0"]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("", "chatId", "missing"),
        ("?chatId=", "chatId", "wrong_type"),
        ("?chatId=x", "chatId", "wrong_type"),
        ("?chatId=1e3", "chatId", "wrong_type"),
        ("?chatId=0", "chatId", "out_of_range"),
        ("?chatId=9007199254740992", "chatId", "out_of_range"),
        ("?chatId=%00", "chatId", "forbidden_character"),
        ("?chat_id=1", "chat_id", "unknown_field"),
        ("?chatId=1&offset=5", "offset", "unknown_field"),
    ],
)
def test_messages_by_chat_id_refuse_by_name(alice: Client, query: str, field: str, code: str) -> None:
    answer = alice.answer(f"GET /api/v1/messages{query}")
    assert answer.status_code == 400, answer.text
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [(field, code)]


def test_messages_by_chat_id_are_for_members(server: Server, alice: Client, chat: int) -> None:
    stranger = registered(server, "stranger")
    stranger.ask(f"GET /api/v1/messages?chatId={chat}", status=404)
    client(server).ask(f"GET /api/v1/messages?chatId={chat}", status=401)


def test_health(server: Server) -> None:
    assert client(server).ask("GET /health")["status"] == "ok"


def test_api_pages(server: Server) -> None:
    page = client(server).answer("GET /swagger/index.html")
    assert page.status_code == 200
    assert "swagger-ui" in page.text


def test_contacts(alice: Client, bob: Client) -> None:
    alice.ask("POST /api/v1/contacts", {"userId": bob.id, "name": "Боб"}, status=201)
    [contact] = alice.ask("GET /api/v1/contacts")["contacts"]
    assert (contact["userId"], contact["name"], contact["user"]["username"]) == (bob.id, "Боб", "bob")
    assert len(alice.ask("GET /api/v1/contacts?q=бо")["contacts"]) == 1
    alice.ask(f"PATCH /api/v1/contacts/{bob.id}", {"name": "Роберт"})
    assert alice.ask("GET /api/v1/contacts?q=бо")["contacts"] == []
    alice.ask(f"DELETE /api/v1/contacts/{bob.id}", status=204)
    assert alice.ask("GET /api/v1/contacts")["contacts"] == []


def test_statuses(server: Server, alice: Client, bob: Client) -> None:
    socket = Socket(f"{server.socket_url}?token={bob.token}")
    socket.wait_for("hello")
    alice.wait_for(f"GET /api/v1/users/{bob.id}", status="online")
    for status in ("online", "away", "busy"):
        bob.ask("PUT /api/v1/users/status", {"status": status})
        assert alice.ask(f"GET /api/v1/users/{bob.id}")["status"] == status
    socket.close()
    alice.wait_for(f"GET /api/v1/users/{bob.id}", status="offline")


def test_last_active_time(server: Server, alice: Client, bob: Client) -> None:
    assert alice.ask(f"GET /api/v1/users/{bob.id}")["lastSeenAt"] is None
    socket = Socket(f"{server.socket_url}?token={bob.token}")
    socket.wait_for("hello")
    alice.wait_for(f"GET /api/v1/users/{bob.id}", status="online")
    socket.close()
    assert alice.wait_for(f"GET /api/v1/users/{bob.id}", status="offline")["lastSeenAt"] is not None


def test_user_fields(alice: Client) -> None:
    alice.ask("PUT /api/v1/users/me", {"avatarId": upload(alice.http, prefix="/api/v1")})
    me = alice.ask("GET /api/v1/users/me")
    expected = {
        "username": "alice",
        "email": "alice@example.com",
        "firstName": "Алиса",
        "lastName": "Иванова",
        "status": "offline",
    }
    assert {name: me[name] for name in expected} == expected
    assert "lastSeenAt" in me
    assert httpx.get(me["avatarUrl"]).status_code == 302


def test_chat_fields(alice: Client, bob: Client, chat: int) -> None:
    alice.ask(f"PUT /api/v1/chats/{chat}", {"avatarId": upload(alice.http, prefix="/api/v1")})
    found = bob.ask(f"GET /api/v1/chats/{chat}")
    expected = {
        "name": "Team",
        "description": "All of us",
        "type": "group",
        "createdBy": alice.id,
    }
    assert {name: found[name] for name in expected} == expected
    assert httpx.get(found["avatarUrl"]).status_code == 302
    assert [participant["userId"] for participant in found["participants"]] == [alice.id, bob.id]
    assert set(found["settings"]) >= {"whoCanSend", "whoCanAdd", "messageSeconds"}


@pytest.mark.parametrize("kind", ["text", "file", "image", "audio", "video"])
def test_message_fields(alice: Client, bob: Client, chat: int, kind: str) -> None:
    message = _send(alice, chat, "x", messageType=kind)
    expected = {"messageType": kind, "senderId": alice.id, "chatId": chat, "status": "sent", "isEdited": False}
    assert {name: message[name] for name in expected} == expected
    edited = alice.ask(f"PUT /api/v1/messages/{message['id']}", {"content": "y"})
    assert edited["createdAt"] == message["createdAt"] < edited["updatedAt"]
    for step in ("delivered", "read"):
        bob.ask(f"POST /api/v1/messages/{message['id']}/{step}")
        assert alice.ask(f"GET /api/v1/messages/{message['id']}")["status"] == step


def test_commands() -> None:
    ran = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, check=True, text=True)
    listed = {line.split()[0] for line in ran.stdout.splitlines() if line.strip()}
    assert listed >= {"help", "build", "run", "dev", "test", "clean", "migrate", "fmt", "lint", "swagger"}
    assert all((ROOT / name).is_file() for name in ("Dockerfile", "compose.yaml", ".env.example"))


def test_security_jwt_bcrypt(server: Server, alice: Client) -> None:
    assert len(alice.token.split(".")) == 3
    stored = str(server.sql("SELECT password_hash FROM users WHERE id = %s", alice.id)[0][0])
    assert stored.startswith("$2")
    assert "password123" not in stored


def test_security_no_sql_injection(server: Server, alice: Client, chat: int) -> None:
    for attack in ("'; DROP TABLE messages; --", "' OR '1'='1", "1); DELETE FROM users; --", "%s %(x)s {}"):
        assert _send(alice, chat, attack)["content"] == attack
        assert alice.answer(f"GET /api/v1/messages?chatId={attack}").status_code == 400
        alice.answer(f"GET /api/v1/users/search?q={attack}").raise_for_status()
        alice.answer(f"GET /api/v1/messages/search?q={attack}").raise_for_status()
        wrong = {"username": attack, "password": attack}
        assert alice.answer("POST /api/v1/auth/login", wrong).status_code == 401
    assert server.sql("SELECT count(*) FROM messages WHERE message_type = 'text'") == [(4,)]


def test_security_cors_settings(server: Server) -> None:
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    answer = client(server).http.options("/api/v1/messages", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
