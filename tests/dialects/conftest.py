"""Clients of other messengers, as they make their calls: by a base URL that has their dialect's name."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.socketio.clients import Client as SocketClient
from tests.socketio.clients import PythonClient
from tests.support import web
from tests.support.reference import Client
from tests.support.server import Server

At = Callable[[str], Client]
Listen = Callable[[Client, str], SocketClient]


def signed_up(client: Client, username: str) -> dict[str, Any]:
    """Makes an account of a name, logs the client in, and answers what came."""
    body = {"username": username, "email": f"{username}@example.com", "password": "secret"}
    answer: dict[str, Any] = client.ask("POST /api/auth/register", body, status=201)
    client.log_in_with(answer.get("access_token") or answer["token"])
    client.id = int(answer["user"].get("id") or answer["user"]["_id"])
    return answer


@pytest.fixture
def at(server: Server) -> At:
    """A client without a token, whose base URL ends in a dialect's name."""

    def make(dialect: str) -> Client:
        # Nothing stays open that a test would have to close.
        return Client(web.client(f"{server.origin}/{dialect}", {"Connection": "close"}))

    return make


@pytest.fixture
def listen(server: Server) -> Iterator[Listen]:
    """Connects somebody's Socket.IO client to a dialect's namespace."""
    made: list[SocketClient] = []

    def connect(who: Client, dialect: str) -> SocketClient:
        made.append(SocketClient(PythonClient()))
        made[-1].connect(f"{server.origin}/{dialect}", {"token": who.token})
        made[-1].wait_for("connect")
        return made[-1]

    yield connect
    for one in made:
        one.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)
