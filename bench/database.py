"""What PostgreSQL alone does for a send and for a page of history: `python -m bench.database`.

Beside each stands the least that could do: a bare INSERT of one row with the columns that matter, and a plain
SELECT of the newest fifty. Each statement is the feature's own, with its check of the session. It runs prepared,
and as it does in a container's first calls and behind a pooling proxy, where nothing is prepared; the server's
session is warm in both. Measured is the processor time of the one backend that serves it, in turns, so that a noisy
machine troubles all alike.
"""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from bench.data import Loader
from bench.plans import Statement, statement_of, trial
from bench.processors import seconds_of
from bench.tables import show, times
from chalicelib.core import db
from chalicelib.core.config import Settings
from chalicelib.core.context import Actor
from chalicelib.core.migrations import migrate
from chalicelib.features.messages import history, send
from chalicelib.features.messages.schemas import HistoryQuery, SendInput
from local.postgres import Postgres

KEPT = Path(".local/bench")
ROUNDS = 7
CALLS = 150
WARMING = 30
PEOPLE = 2_000
# Chats of two each; the first ones are long.
CHATS, LONG, LENGTH = PEOPLE // 2, 2, 10_000
ME = Actor(user_id=1, session_id=1)
TEXT = "hello, this is a message of an ordinary length"

_FLOOR: LiteralString = """
CREATE TABLE floor (
    id bigint GENERATED ALWAYS AS IDENTITY, chat_id bigint NOT NULL, sender_id bigint NOT NULL, content text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (chat_id, id)
);
INSERT INTO floor (chat_id, sender_id, content) SELECT 1, sender_id, content FROM messages WHERE chat_id = 1;
"""
_INSERT: LiteralString = """
INSERT INTO floor (chat_id, sender_id, content) VALUES (2, %(sender_id)s, %(content)s) RETURNING id, created_at
"""
_SELECT: LiteralString = """
SELECT id, chat_id, sender_id, content, created_at FROM floor WHERE chat_id = %(chat_id)s ORDER BY id DESC LIMIT 50
"""

Call = Callable[[psycopg.Connection[Any]], None]


@dataclass
class Work:
    """One statement on a connection of its own, and the seconds that its backend spent on a call in each round."""

    call: Call
    connection: psycopg.Connection[Any]
    seconds: list[float] = field(default_factory=list)

    def run(self, calls: int) -> float:
        """The backend's processor time for so many calls."""
        pid = self.connection.info.backend_pid
        before = seconds_of(pid)
        for _ in range(calls):
            self.call(self.connection)
        after = seconds_of(pid)
        if before is None or after is None:
            raise RuntimeError("the processor time of other processes is told by Linux's /proc alone")
        return after - before


@dataclass(frozen=True)
class Cost:
    """What a statement costs PostgreSQL: microseconds of processor time a call, and times its floor."""

    name: str
    microseconds: float
    ratio: float


def measure(folder: Path) -> list[Cost]:
    """The costs, each floor before what stands on it; `folder` is for a PostgreSQL that waits for its disk."""
    with Postgres(folder / "postgres") as server, ExitStack() as connections:
        url = server.ensure("bench")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            _fill(connection)
        works = {
            f"{name}, {how}": Work(call, connections.enter_context(_connection(url, prepared=how == "prepared")))
            for how in ("prepared", "not prepared")
            for name, call in _calls(url).items()
        }
        for work in works.values():
            work.run(WARMING)
        for _ in range(ROUNDS):
            for work in works.values():
                work.seconds.append(work.run(CALLS) / CALLS)
    return list(_costs({name: statistics.median(work.seconds) for name, work in works.items()}))


def _costs(medians: dict[str, float]) -> Iterator[Cost]:
    # A prepared bare statement is the floor of both ways.
    floors = {"INSERT": "bare INSERT, prepared", "SELECT": "plain SELECT of 50, prepared"}
    for name, seconds in medians.items():
        floor = floors["INSERT" if name.startswith(("bare", "send")) else "SELECT"]
        yield Cost(name, seconds * 1e6, seconds / medians[floor])


def _calls(url: str) -> dict[str, Call]:
    with trial(Settings(database_url=url, sends_socket=1_000_000, log_level="ERROR")):
        sending = statement_of(lambda: send.send(ME, SendInput(chat_id=1, content=TEXT), "socket"))
        reading = statement_of(lambda: history.history(ME, 2, HistoryQuery()))
    return {
        "bare INSERT": lambda c: _execute(c, Statement(_INSERT, {"sender_id": 1, "content": TEXT})),
        "send": _sender(sending),
        "plain SELECT of 50": lambda c: _execute(c, Statement(_SELECT, {"chat_id": 1})),
        "newest 50 of a chat": lambda c: _execute_for_me(c, reading),
    }


def _sender(statement: Statement) -> Call:
    number = 0

    def call(connection: psycopg.Connection[Any]) -> None:
        nonlocal number
        number += 1
        fresh = {**statement.values, "client_message_id": f"{connection.info.backend_pid}-{number}"}
        _execute(connection, Statement(statement.text, fresh))

    return call


def _execute(connection: psycopg.Connection[Any], statement: Statement) -> None:
    connection.execute(statement.text, statement.values).fetchall()


def _execute_for_me(connection: psycopg.Connection[Any], statement: Statement) -> None:
    """As `core/db.py` does it: behind the check of the session, in the same round trip."""
    with connection.pipeline():
        connection.execute(db._GUARD, {"user_id": ME.user_id, "session_id": ME.session_id})
        _execute(connection, statement)


def _connection(url: str, *, prepared: bool) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True, prepare_threshold=5 if prepared else None)


def _fill(connection: psycopg.Connection[Any]) -> None:
    loader = Loader(connection)
    loader.people(1, PEOPLE)
    loader.groups(1, CHATS)
    loader.members(1, LONG, user_ids=[1, 2])
    loader.strangers(LONG + 1, CHATS, among=range(3, PEOPLE), each=2)
    loader.messages(1, LONG, seqs=range(1, LENGTH + 1), sender_id=2)
    connection.execute(_FLOOR)
    loader.finish()


def main() -> None:
    """Measures and prints."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        costs = measure(Path(folder))
    rows = [[cost.name, f"{cost.microseconds:,.0f}", times(cost.ratio, 1)] for cost in costs]
    show(
        f"PostgreSQL's processor time a call, medians of {ROUNDS} rounds in turns",
        ["µs", "to the bare one, prepared"],
        rows,
    )


if __name__ == "__main__":
    main()
