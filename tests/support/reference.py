"""A client that was written for another messenger and was pointed here: its own paths and its own words."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support import web
from tests.support.server import Server


@dataclass
class Client:
    """Somebody with an access token, or nobody yet."""

    http: httpx.Client
    id: int = 0
    token: str = ""

    def ask(self, line: str, body: Any = None, *, status: int = 200) -> Any:
        """Sends `POST /api/chats`, with this body, and answers what comes; its status must be this one."""
        answer = self.answer(line, body)
        assert answer.status_code == status, (line, answer.text)
        return answer.json() if answer.content else None

    def wait_for(self, line: str, timeout: float = 20, **fields: Any) -> Any:
        """Asks until the answer has these fields."""
        until = time.monotonic() + timeout
        while True:
            found = self.ask(line)
            if fields.items() <= found.items():
                return found
            assert time.monotonic() < until, (line, fields, found)
            time.sleep(0.05)

    def answer(self, line: str, body: Any = None) -> httpx.Response:
        """The same with whatever comes."""
        method, _, path = line.partition(" ")
        return self.http.request(method, path, json=body)

    def log_in_with(self, token: str) -> None:
        """Uses this access token from now on."""
        self.token = token
        self.http.headers["Authorization"] = f"Bearer {token}"


def client(server: Server) -> Client:
    """A client without a token."""
    # Nothing stays open that a test would have to close.
    return Client(web.client(server.origin, {"Connection": "close"}))


def registered(server: Server, username: str, **more: str) -> Client:
    """A client that has registered and uses the token that it got."""
    new = client(server)
    session = new.ask(
        "POST /api/auth/register", {"username": username, "password": "password123", **more}, status=201
    )
    new.log_in_with(session["token"])
    new.id = session["user"]["id"]
    return new
