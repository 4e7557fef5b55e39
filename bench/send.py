"""What a send costs, beside a bare INSERT of one row in the same run: `python -m bench.send`.

The service alone, from its call to the durable message, on an embedded PostgreSQL that waits for its disk. The
two are measured in turns, so that a noisy machine troubles both alike.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench.data import Loader
from bench.processors import seconds_of
from bench.tables import quantile, show, times
from chalicelib.core import config, context
from chalicelib.core.context import Actor
from chalicelib.core.migrations import migrate
from chalicelib.features.messages.schemas import SendInput
from chalicelib.features.messages.send import send
from local.postgres import Postgres

KEPT = Path(".local/bench")
ROUNDS = 5
SENDS = 300
# Calls after which a connection has settled on its plans.
WARMING = 25
TEXT = "hello, this is a message of an ordinary length"

_BARE = "INSERT INTO bare (content) VALUES (%s)"

Work = Callable[[int], None]


@dataclass(frozen=True)
class Figures:
    """Seconds of each call, of all of them together, and of processor time here and in PostgreSQL."""

    latencies: list[float]
    wall: float
    here: float
    there: float | None


def main() -> None:
    """Measures and prints the table."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT) as folder:
        _service(Path(folder))


def _service(folder: Path) -> None:
    with Postgres(folder / "postgres") as server:
        url = server.ensure("bench")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            _fill(connection)
            insert = partial(_insert, connection)
            _use(url)
            bare, ours = _in_turns(server, [insert, _send])
            _use(f"{url}?options=-c%20plan_cache_mode%3Dforce_custom_plan")
            (unprepared,) = _in_turns(server, [_send])
    rows = [
        _row("bare INSERT", bare, bare),
        _row("send", ours, bare),
        # As behind a pool that shares connections, where nothing can be prepared.
        _row("send, planned each time", unprepared, bare),
    ]
    columns = ["p50 ms", "p99 ms", "a second", "CPU s per 1,000 here", "in PostgreSQL", "rate", "CPU"]
    show(f"send to durable, fsync on, medians of {ROUNDS} rounds; ratios to the bare INSERT", columns, rows)


def _use(url: str) -> None:
    # The limits are in force as they are in production, and never reached.
    config.use(config.Settings(database_url=url, sends_socket=1_000_000, log_level="ERROR"))


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text)")
    loader = Loader(connection)
    loader.people(1, 2)
    loader.groups(1, 1)
    loader.members(1, 1, user_ids=[1, 2])
    loader.finish()


def _send(number: int) -> None:
    """What would be pushed is not."""
    message = SendInput(chat_id=1, content=TEXT, client_message_id=f"{time.time_ns()}")
    with context.begin(f"bench-{number}"):
        send(Actor(user_id=1, session_id=1), message, "socket")


def _insert(connection: psycopg.Connection[Any], _number: int) -> None:
    connection.execute(_BARE, (TEXT,))


def _in_turns(server: Postgres, works: list[Work]) -> list[list[Figures]]:
    """The rounds of each work."""
    for work in works:
        _measure(server, WARMING, work)
    rounds = [[_measure(server, SENDS, work) for work in works] for _ in range(ROUNDS)]
    return [list(of_one) for of_one in zip(*rounds, strict=True)]


def _measure(server: Postgres, calls: int, work: Work) -> Figures:
    latencies: list[float] = []
    there, here, wall = seconds_of(server.pid), time.process_time(), time.perf_counter()
    for number in range(calls):
        began = time.perf_counter()
        work(number)
        latencies.append(time.perf_counter() - began)
    wall, here = time.perf_counter() - wall, time.process_time() - here
    after = seconds_of(server.pid)
    return Figures(latencies, wall, here, None if there is None or after is None else after - there)


def _row(name: str, figures: list[Figures], base: list[Figures]) -> list[str]:
    latencies = [seconds for figure in figures for seconds in figure.latencies]
    return [
        name,
        f"{quantile(latencies, 0.5) * 1000:.2f}",
        f"{quantile(latencies, 0.99) * 1000:.2f}",
        f"{_rate(figures):,.0f}",
        f"{_per_thousand([figure.here for figure in figures], figures):.3f}",
        f"{there:.3f}" if (there := _there(figures)) is not None else "-",
        times(_rate(figures), _rate(base)),
        times(there, bare) if there is not None and (bare := _there(base)) is not None else "-",
    ]


def _rate(figures: list[Figures]) -> float:
    return statistics.median(len(figure.latencies) / figure.wall for figure in figures)


def _there(figures: list[Figures]) -> float | None:
    known = [figure.there for figure in figures if figure.there is not None]
    return _per_thousand(known, figures) if len(known) == len(figures) else None


def _per_thousand(seconds: list[float], figures: list[Figures]) -> float:
    pairs = zip(seconds, figures, strict=True)
    return statistics.median(value / len(figure.latencies) * 1000 for value, figure in pairs)


if __name__ == "__main__":
    main()
