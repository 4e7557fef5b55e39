"""What `bench.figures` compares: the product and the floor server, both running and filled alike.

Each has ten chats of two, one chat of 200, and one of 10,000 messages. Both use one PostgreSQL.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import floor, stack
from bench.data import Loader
from bench.processors import megabytes_of
from bench.wire import request_of
from local.postgres import Postgres

USERS = 20
SOCKETS = 200
PAGE_OF = 10_000
TEXT = "hello, this is a message of an ordinary length"


@dataclass(frozen=True)
class Seat:
    """Where somebody's socket connects, and the chat that they write in."""

    path: str
    chat_id: int


@dataclass(frozen=True)
class Door:
    """How one of the two is reached. `pid` is the process that its others descend from, but for PostgreSQL's.

    `pairs` share a chat two and two. `crowd` are the paths of 200 sockets, and `gather` makes the chat of them all:
    it is called once they are connected, so that nobody is told of everybody's coming. `page` asks for the newest 50
    of 10,000 messages; `post` sends one, which the floor does not take. `idle` is the memory at the start, in MB.
    """

    host: str
    pid: int
    pairs: list[Seat]
    crowd: list[str]
    gather: Callable[[], int]
    page: bytes
    idle: float | None
    token: str = ""

    def post(self, body: bytes) -> bytes:
        """A send by REST, for who sits first."""
        return request_of("POST", self.host, "/api/messages", token=self.token, body=body)


@contextlib.contextmanager
def product(folder: Path, server: Postgres) -> Iterator[Door]:
    """The product as `make run` starts it."""
    url = server.ensure("messenger")
    with stack.running(folder, url) as running:
        idle = megabytes_of(running.pid)
        people = stack.People(running.host)
        users = people.register(SOCKETS)
        pairs = []
        for first, second in zip(users[0:USERS:2], users[1:USERS:2], strict=True):
            chat_id = people.chat([first, second], "private")
            pairs += [Seat(f"/api?token={user.token}", chat_id) for user in (first, second)]
        long = people.chat(users[:2], "group")
        with psycopg.connect(url, autocommit=True) as connection:
            loader = Loader(connection)
            # The first message of a group tells that it was made.
            loader.messages(long, long, seqs=range(2, PAGE_OF + 1), sender_id=users[1].id)
            loader.finish()
        yield Door(
            host=running.host,
            pid=running.pid,
            pairs=pairs,
            crowd=[f"/api?token={user.token}" for user in users],
            gather=lambda: people.chat(users, "group"),
            page=request_of("GET", running.host, f"/api/chats/{long}/messages", token=users[0].token),
            idle=idle,
            token=users[0].token,
        )


@contextlib.contextmanager
def floor_server(server: Postgres) -> Iterator[Door]:
    """The floor."""
    url = server.ensure("floor")
    pairs = [Seat(f"/?chat={chat_id}", chat_id) for chat_id in range(1, USERS // 2 + 1) for _ in range(2)]
    group, long = USERS // 2 + 1, USERS // 2 + 2
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(floor.SCHEMA)
        connection.execute(floor.FILL, {"chat_id": long, "count": PAGE_OF})
        connection.execute("VACUUM ANALYZE")
    command = [sys.executable, "-m", "bench.floor", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            host = f"127.0.0.1:{int(process.stdout.readline())}"
            yield Door(
                host=host,
                pid=process.pid,
                pairs=pairs,
                crowd=[f"/?chat={group}"] * SOCKETS,
                gather=lambda: group,
                page=request_of("GET", host, f"/chats/{long}/messages"),
                idle=megabytes_of(process.pid),
            )
        finally:
            process.terminate()


def message(chat_id: int, name: str) -> bytes:
    """A message's JSON, as either takes it."""
    return json.dumps({"chatId": chat_id, "content": TEXT, "clientMessageId": name}).encode()
