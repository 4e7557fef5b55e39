"""Parity with system B, a chat API with one common room: its REST paths and bodies, row by row.

Its sockets and the common room are in tests/ws.
"""

import pytest

from chalicelib.core import config
from tests.support import model as models
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


def test_user_roles(server: Server, user: Client) -> None:
    moderator, admin = registered(server, "petya"), registered(server, "masha")
    server.sql("SELECT appoint_admin('masha')")
    assert admin.ask("GET /api/users/me")["role"] == "admin"
    assert admin.ask(f"PATCH /api/admin/users/{moderator.id}", {"role": "moderator"})["role"] == "moderator"
    assert len(moderator.ask("GET /api/admin/users")["users"]) == 3
    user.ask("GET /api/admin/users", status=403)


def test_llm_summary(server: Server, user: Client) -> None:
    friend = registered(server, "petya")
    chat = user.ask("POST /api/chats", {"type": "private", "participantIds": [friend.id]}, status=201)["id"]
    friend.ask("POST /api/messages", {"chatId": chat, "content": "Завтра в девять у метро"}, status=201)
    asking = f"POST /api/chats/{chat}/summary"
    with server.settings(assistant_model=""):
        user.ask(asking, {}, status=422)
    with models.running() as model, server.settings(assistant_url=model.url, assistant_model="small-1"):
        model.says("Встречаются в девять.")
        answer = user.ask(asking, {"keep": True, "language": "ru"}, status=202)
        server.settle()
        assert [line["text"] for line in model.asked[0].quoted] == ["Завтра в девять у метро"]
    assert user.ask(f"GET /api/assistant/answers/{answer['answerId']}")["text"] == "Встречаются в девять."


def test_metrics_and_audit_trail(server: Server, user: Client) -> None:
    admin = registered(server, "masha")
    server.sql("SELECT appoint_admin('masha')")
    admin.ask(f"PATCH /api/admin/users/{user.id}", {"role": "moderator"})
    told = admin.ask(f"GET /api/admin/audit?subject={user.id}")["entries"]
    assert [(entry["actorId"], entry["action"]) for entry in told] == [(admin.id, "role_changed")]
    numbers = admin.ask("GET /api/admin/metrics")
    assert (numbers["users"]["admins"], numbers["users"]["moderators"]) == (1, 1)
    for path in ("audit", "metrics"):
        user.ask(f"GET /api/admin/{path}", status=403)
