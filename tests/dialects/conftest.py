"""Clients of other messengers, as they make their calls: by a base URL that has their dialect's name."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

import app
from tests.socketio.clients import Client as SocketClient
from tests.socketio.clients import PythonClient
from tests.support import web
from tests.support.reference import Client
from tests.support.server import Server

At = Callable[[str], Client]
Listen = Callable[[Client, str], SocketClient]
Refusal = Callable[[Any, str], str]


def signed_up(client: Client, username: str) -> dict[str, Any]:
    """Makes an account of a name, logs the client in, and answers what came."""
    body = {"username": username, "email": f"{username}@example.com", "password": "secret"}
    answer: dict[str, Any] = client.ask("POST /api/auth/register", body, status=201)
    client.log_in_with(answer.get("access_token") or answer["token"])
    client.id = int(answer["user"].get("id") or answer["user"]["_id"])
    return answer


def event(
    dialect: str,
    line: str,
    body: str | None,
    *,
    token: str = "",
    query: Mapping[str, str] | None = None,
    content_type: str = "application/json",
) -> dict[str, Any]:
    """What API Gateway sends where a greedy path of a dialect is asked."""
    method, _, path = line.partition(" ")
    resource = f"/{dialect}/{{path+}}"
    return {
        "resource": resource,
        "httpMethod": method,
        "headers": {"Content-Type": content_type} | ({"Authorization": f"Bearer {token}"} if token else {}),
        "multiValueQueryStringParameters": {name: [value] for name, value in (query or {}).items()} or None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": resource,
            "path": f"/api/{dialect}{path}",
            "domainName": "chat.example.com",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def answered(dialect: str, line: str, body: str | None, **more: Any) -> dict[str, Any]:
    """The answer to such an event, from the function itself: many of them cost little."""
    raw: dict[str, Any] = app.app(event(dialect, line, body, **more), None)
    return raw


@pytest.fixture
def at(server: Server) -> At:
    """A client without a token, whose base URL ends in a dialect's name."""

    def make(dialect: str) -> Client:
        # Nothing stays open that a test would have to close.
        return Client(web.client(f"{server.origin}/{dialect}", {"Connection": "close"}))

    return make


@pytest.fixture
def connecting(server: Server) -> Iterator[Callable[[], SocketClient]]:
    """Makes Socket.IO clients that are still to connect."""
    made: list[SocketClient] = []

    def make() -> SocketClient:
        made.append(SocketClient(PythonClient()))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


@pytest.fixture
def listen(server: Server, connecting: Callable[[], SocketClient]) -> Listen:
    """Connects somebody's Socket.IO client to a dialect's namespace."""

    def connect(who: Client, dialect: str) -> SocketClient:
        client = connecting()
        client.connect(f"{server.origin}/{dialect}", {"token": who.token})
        client.wait_for("connect")
        return client

    return connect


@pytest.fixture
def refusal(server: Server, connecting: Callable[[], SocketClient]) -> Refusal:
    """Why a client that shows this token may not connect to a dialect's namespace, in words."""
    return lambda token, dialect: str(connecting().refusal(f"{server.origin}/{dialect}", {"token": token})["message"])
