"""Parity with system B, a chat API with one common room: its REST paths and bodies, row by row.

Its sockets and the common room are in tests/ws.
"""

import pytest

from chalicelib.core import config
from tests.support.reference import Client, client, registered
from tests.support.server import Server


@pytest.fixture
def user(server: Server) -> Client:
    return registered(server, "vasya")


def test_register_log_in(server: Server) -> None:
    body = {"username": "vasya", "password": "password123"}
    anew = client(server)
    session = anew.ask("POST /api/auth/register", body, status=201)
    assert session["user"]["email"] is None, "email is optional"
    assert anew.ask("POST /api/auth/login", body)["user"] == session["user"]
    anew.ask("POST /api/auth/login", body | {"password": "password124"}, status=401)
    anew.ask("POST /api/auth/register", body, status=409)


def test_user_list(server: Server, user: Client) -> None:
    for number in range(3):
        registered(server, f"user{number}")
    page = user.ask("GET /api/users?limit=3")
    assert [one["username"] for one in page["users"]] == ["vasya", "user0", "user1"]
    rest = user.ask(f"GET /api/users?limit=3&cursor={page['nextCursor']}")
    assert [one["username"] for one in rest["users"]] == ["user2"]
    client(server).ask("GET /api/users", status=401)


def test_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/chat")
    monkeypatch.setenv("JWT_SECRET", "a secret of at least thirty-two bytes")
    chosen = config.from_environment()
    assert chosen.database_url == "postgresql://somewhere/chat"
    assert chosen.jwt_secret == "a secret of at least thirty-two bytes"


def test_validation_of_every_form(server: Server, user: Client) -> None:
    def refused(line: str, body: object) -> list[str]:
        answer = user.answer(line, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
        return [error["field"] for error in answer.json()["errors"]]

    assert refused("POST /api/auth/register", {"username": "a", "password": "password123"}) == ["username"]
    assert refused("POST /api/auth/register", {"username": "petya", "password": "short"}) == ["password"]
    assert refused("POST /api/auth/login", {"username": "vasya"}) == ["password"]
    assert refused("POST /api/messages", {"chatId": "1", "content": "x"}) == ["chatId"]
    assert refused("POST /api/messages", {"chatId": 1, "content": "x", "userId": 2}) == ["userId"]
    assert refused("POST /api/chats", {"type": "channel", "participantIds": []}) == ["type"]
    assert refused("PATCH /api/users/me", {"avatarUrl": "javascript:alert(1)"}) == ["avatarUrl"]


def test_refresh_tokens_with_rotation(server: Server) -> None:
    body = {"username": "vasya", "password": "password123"}
    anew = client(server)
    first = anew.ask("POST /api/auth/register", body, status=201)["refreshToken"]
    second = anew.ask("POST /api/auth/refresh", {"refreshToken": first})
    assert second["refreshToken"] != first
    anew.log_in_with(second["accessToken"])
    assert anew.ask("GET /api/users/me")["username"] == "vasya"
    anew.ask("POST /api/auth/refresh", {"refreshToken": second["refreshToken"]})
    anew.ask("POST /api/auth/refresh", {"refreshToken": first}, status=401)
    anew.ask("GET /api/users/me", status=401)


def test_search_in_messages(server: Server, user: Client) -> None:
    friend = registered(server, "petya")
    chat = user.ask("POST /api/chats", {"type": "private", "participantIds": [friend.id]}, status=201)["id"]
    for content in ("Завтра встречаемся у метро", "Не забудь зонт"):
        user.ask("POST /api/messages", {"chatId": chat, "content": content}, status=201)
    found = friend.ask("GET /api/messages/search?q=встреча")["messages"]
    assert [message["content"] for message in found] == ["Завтра встречаемся у метро"]
    assert registered(server, "stranger").ask("GET /api/messages/search?q=встреча")["messages"] == []
