"""The curl examples of a reference system's README, as they stand there but for the host and the token."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import curl
from tests.support.people import Person
from tests.support.server import Server

REGISTER = """curl -X POST http://localhost:3000/api/auth/register \\
  -H "Content-Type: application/json" \\
  -d '{
    "username": "testuser",
    "email": "test@example.com",
    "password": "password123"
  }'"""
LOG_IN = """curl -X POST http://localhost:3000/api/auth/login \\
  -H "Content-Type: application/json" \\
  -d '{
    "email": "test@example.com",
    "password": "password123"
  }'"""
CREATE_CHAT = """curl -X POST http://localhost:3000/api/chats \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \\
  -d '{
    "type": "private",
    "participantIds": [2]
  }'"""
SEND = """curl -X POST http://localhost:3000/api/messages \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer YOUR_JWT_TOKEN" \\
  -d '{
    "chatId": 1,
    "content": "Привет! Как дела?",
    "messageType": "text"
  }'"""

OPTIONS = r"--silent --show-error --max-time 30 --noproxy '*' --write-out '\n%{http_code}'"


class Shell:
    """Runs the commands against a running server, with what a shell finds as `curl`."""

    def __init__(self, base: str, environment: dict[str, str]) -> None:
        self._base = base
        self._environment = environment

    def run(self, command: str, *, token: str = "") -> tuple[int, dict[str, Any]]:
        """The status and the JSON that a command gets."""
        here = command.replace("http://localhost:3000/api", self._base).replace("YOUR_JWT_TOKEN", token)
        ran = subprocess.run(
            ["sh", "-c", f"{here} {OPTIONS}"], env=self._environment, capture_output=True, check=True
        )
        body, _, status = ran.stdout.decode().rpartition("\n")
        return int(status), json.loads(body)


@pytest.mark.parametrize("prefix", ["", "/v1"])
@pytest.mark.parametrize("by", curl.AVAILABLE)
def test_the_commands_of_the_readme(
    server: Server, person: Callable[[str], Person], prefix: str, by: str, tmp_path: Path
) -> None:
    shell = Shell(server.url + prefix, curl.environment(by, tmp_path))

    status, registered = shell.run(REGISTER)
    assert (status, registered["user"]["id"], registered["user"]["email"]) == (201, 1, "test@example.com")
    friend = person("friend")
    assert friend.id == 2

    status, session = shell.run(LOG_IN)
    assert (status, session["user"]) == (200, registered["user"])

    status, chat = shell.run(CREATE_CHAT, token=session["token"])
    assert (status, chat["id"], chat["type"]) == (201, 1, "private")
    assert [participant["userId"] for participant in chat["participants"]] == [1, 2]
    assert shell.run(CREATE_CHAT, token=session["token"])[0] == 200

    status, message = shell.run(SEND, token=session["token"])
    assert (status, message["seq"], message["content"], message["senderId"]) == (201, 1, "Привет! Как дела?", 1)
    assert [heard["content"] for heard in friend.history(1)] == ["Привет! Как дела?"]
