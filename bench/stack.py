"""The send of `bench.send` over the whole local stack: `python -m local` in a process of its own, by its own doors.

The local AWS answers a call in milliseconds where AWS takes one, and shares this machine's processors with the
clients: these figures say what a developer sees, not what a deployment does.
"""

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import websockets

from bench.processors import seconds_of
from bench.tables import quantile, show
from local.processes import free_port

USERS = 20
SEQUENTIAL = 150
SECONDS = 5.0
_DEADLINE = 40.0


@dataclass(frozen=True)
class User:
    """Somebody with a session, and the chat that they share with one other."""

    token: str
    chat_id: int


def measure(folder: Path) -> None:
    """Starts the stack, measures both doors alone and crowded, and prints a table."""
    with _running(folder) as (origin, process):
        users = _users(origin)
        rows = []
        for name, door in (("REST", _over_rest), ("socket", _over_sockets)):
            for count in (1, USERS):
                before = seconds_of(process.pid)
                began = time.perf_counter()
                latencies = door(origin, users[:count])
                wall, after = time.perf_counter() - began, seconds_of(process.pid)
                cpu = "-" if before is None or after is None else f"{(after - before) / len(latencies) * 1000:.2f}"
                rows.append(
                    [
                        f"{name}, {count} user{'s' if count > 1 else ''}",
                        f"{quantile(latencies, 0.5) * 1000:.1f}",
                        f"{quantile(latencies, 0.99) * 1000:.1f}",
                        f"{len(latencies) / wall:,.0f}",
                        cpu,
                    ]
                )
    columns = ["p50 ms", "p99 ms", "acked/s", "CPU s per 1,000, all of the stack"]
    show("send to ack over the whole local stack", columns, rows)


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    port = free_port()
    variables = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "HOST"}},
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "RATE_LIMITS": "off",
        "BCRYPT_COST": "4",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-u", "-m", "local"]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        giving_up = threading.Timer(_DEADLINE, process.terminate)
        giving_up.start()
        assert process.stdout is not None
        try:
            if not any(line.strip() == "ready" for line in process.stdout):
                raise RuntimeError(f"the stack did not start:\n{(folder / 'log').read_text()[-2000:]}")
            giving_up.cancel()
            yield f"http://127.0.0.1:{port}/api", process
        finally:
            process.terminate()
            process.wait()


def _users(origin: str) -> list[User]:
    """Two and two share a chat."""
    users = []
    client = _Client(origin)
    for number in range(0, USERS, 2):
        sessions = [
            client.post("/auth/register", {"username": f"bench{name}", "password": "correct horse battery"})
            for name in (number, number + 1)
        ]
        chat = client.post(
            "/chats",
            {"type": "private", "participantIds": [sessions[1]["user"]["id"]]},
            token=sessions[0]["accessToken"],
        )
        users += [User(session["accessToken"], chat["id"]) for session in sessions]
    return users


def _over_rest(origin: str, users: list[User]) -> list[float]:
    latencies: list[float] = []

    def use(user: User) -> None:
        client = _Client(origin)
        for number in _turns(len(users)):
            began = time.perf_counter()
            client.post("/messages", _message(user, number), token=user.token)
            latencies.append(time.perf_counter() - began)

    threads = [threading.Thread(target=use, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def _over_sockets(origin: str, users: list[User]) -> list[float]:
    return asyncio.run(_talk(origin.replace("http://", "ws://"), users))


async def _talk(url: str, users: list[User]) -> list[float]:
    latencies: list[float] = []

    async def use(user: User) -> None:
        async with websockets.connect(f"{url}?token={user.token}", open_timeout=20) as socket:
            await _frame(socket, "type", "hello")
            for number in _turns(len(users)):
                began = time.perf_counter()
                sent = {"action": "message:send", "id": f"b{number}", "data": _message(user, number)}
                await socket.send(json.dumps(sent))
                answer = await _frame(socket, "id", sent["id"])
                assert answer["type"] == "ack", answer
                latencies.append(time.perf_counter() - began)

    await asyncio.gather(*(use(user) for user in users))
    return latencies


async def _frame(socket: "websockets.ClientConnection", name: str, value: object) -> dict[str, Any]:
    """The next frame with this value; others, which are events, are read past."""
    while True:
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 20))
        if frame.get(name) == value:
            return frame


def _turns(users: int) -> Iterator[int]:
    """A fixed number for one alone, a fixed time for many."""
    if users == 1:
        yield from range(SEQUENTIAL)
        return
    until = time.perf_counter() + SECONDS
    for number in itertools.count():
        if time.perf_counter() > until:
            return
        yield number


def _message(user: User, number: int) -> dict[str, Any]:
    name = f"{number}-{time.time_ns()}"
    return {"chatId": user.chat_id, "content": f"message {number}", "clientMessageId": name}


class _Client:
    """A kept connection: the lightest client there is, since it shares the machine with what it measures."""

    def __init__(self, origin: str) -> None:
        parts = urlsplit(origin)
        self._path = parts.path
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=20)

    def post(self, path: str, body: dict[str, Any], *, token: str | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request("POST", self._path + path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status not in {200, 201}:
            raise RuntimeError(f"{path}: {answer.status} {text.decode()}")
        decoded: dict[str, Any] = json.loads(text)
        return decoded
