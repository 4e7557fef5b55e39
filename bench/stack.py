"""The whole product as `make run` starts it, in processes of its own, and the people that `bench.figures` plays."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.processes import free_port

_DEADLINE = 60.0


@dataclass(frozen=True)
class Stack:
    """A running one: `host` is HOST:PORT, `pid` the process that all its others descend from."""

    host: str
    pid: int


@dataclass(frozen=True)
class User:
    """Somebody with a session."""

    id: int
    token: str


@contextlib.contextmanager
def running(folder: Path, database_url: str) -> Iterator[Stack]:
    """The product on this database; what it says goes to `folder/log`."""
    host = f"127.0.0.1:{free_port()}"
    variables = {
        **{name: value for name, value in os.environ.items() if name not in {"HOST", "JWT_SECRET"}},
        "PORT": host.rpartition(":")[2],
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": database_url,
        # Nobody types as fast as a benchmark; and hundreds of people are registered before anything is measured.
        "RATE_LIMITS": "off",
        "BCRYPT_COST": "4",
    }
    log = folder / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [sys.executable, "-u", "-m", "local"], env=variables, stdout=output, stderr=output
        ) as process,
    ):
        try:
            _wait_for(process, log)
            yield Stack(host, process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _DEADLINE
    while "ready" not in log.read_text().splitlines():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the product did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)


class People:
    """Registers users and makes chats, by REST."""

    def __init__(self, host: str) -> None:
        self._connection = http.client.HTTPConnection(host, timeout=30)
        self._count = 0

    def register(self, count: int) -> list[User]:
        """So many new users."""
        return [self._register() for _ in range(count)]

    def chat(self, users: list[User], kind: str) -> int:
        """The id of a new chat, `private` or `group`, that the first of the users makes with the others."""
        asked: dict[str, Any] = {"type": kind, "participantIds": [user.id for user in users[1:]]}
        if kind == "group":
            asked["name"] = "bench"
        return int(self._post("/chats", asked, token=users[0].token)["id"])

    def _register(self) -> User:
        self._count += 1
        account = {"username": f"bench{self._count}", "password": "correct horse battery"}
        session = self._post("/auth/register", account)
        return User(session["user"]["id"], session["accessToken"])

    def _post(self, path: str, body: dict[str, Any], *, token: str | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request("POST", f"/api{path}", json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{path}: {answer.status} {text.decode()}")
        decoded: dict[str, Any] = json.loads(text)
        return decoded
