"""What a send costs, beside a bare INSERT of one row in the same run: `python -m bench.send`.

The service alone, from its call to the durable message, on an embedded PostgreSQL that waits for its disk. The
two are measured in turns, so that a noisy machine troubles both alike.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
USERS = 20
SENDS_EACH = 40
# Calls after which a connection has settled on its plans.
WARMING = 25
# The chat that all of them share; before it come those of two each.
GROUP = USERS // 2 + 1
TEXT = "hello, this is a message of an ordinary length"

_BARE = "INSERT INTO bare (content) VALUES (%s)"

Work = Callable[[int, int], None]


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
        rows = _alone(server, url)
        for name, chat_id in ((f"{USERS} users, {USERS // 2} chats", None), (f"{USERS} users, one chat", GROUP)):
            bare, ours = _in_turns(server, USERS, [partial(_insert, url), partial(_send, chat_id)])
            rows += [_row(f"{name}: bare INSERT", bare, bare), _row(f"{name}: send", ours, bare)]
    columns = ["p50 ms", "p99 ms", "a second", "CPU s per 1,000 here", "in PostgreSQL", "rate", "CPU"]
    show(f"send to durable, fsync on, medians of {ROUNDS} rounds; ratios to the bare INSERT", columns, rows)


def _alone(server: Postgres, url: str) -> list[list[str]]:
    """One user; and how it is where nothing can be prepared, as behind a pool that shares connections."""
    _use(url)
    bare, ours = _in_turns(server, 1, [partial(_insert, url), partial(_send, None)])
    _use(f"{url}?options=-c%20plan_cache_mode%3Dforce_custom_plan")
    (unprepared,) = _in_turns(server, 1, [partial(_send, None)])
    _use(url)
    return [
        _row("one after another: bare INSERT", bare, bare),
        _row("one after another: send", ours, bare),
        _row("the same, planned each time", unprepared, bare),
    ]


def _use(url: str) -> None:
    # The limits are in force as they are in production, and never reached.
    config.use(config.Settings(database_url=url, sends_socket=1_000_000, log_level="ERROR"))


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text)")
    loader = Loader(connection)
    loader.people(1, USERS)
    loader.groups(1, GROUP)
    for chat_id in range(1, GROUP):
        loader.members(chat_id, chat_id, user_ids=[2 * chat_id - 1, 2 * chat_id])
    loader.members(GROUP, GROUP, user_ids=list(range(1, USERS + 1)))
    loader.finish()


def _send(chat_id: int | None, user_id: int, number: int) -> None:
    """In the chat of two that the user is in, unless another is named. What would be pushed is not."""
    message = SendInput(chat_id=chat_id or (user_id + 1) // 2, content=TEXT, client_message_id=f"{time.time_ns()}")
    with context.begin(f"bench-{number}"):
        send(Actor(user_id=user_id, session_id=user_id), message, "socket")


class _Kept(threading.local):
    connection: psycopg.Connection[Any] | None = None


_kept = _Kept()


def _insert(url: str, _user_id: int, _number: int) -> None:
    if _kept.connection is None:
        _kept.connection = psycopg.connect(url, autocommit=True)
    _kept.connection.execute(_BARE, (TEXT,))


def _in_turns(server: Postgres, users: int, works: list[Work]) -> list[list[Figures]]:
    """The rounds of each work."""
    calls = SENDS if users == 1 else SENDS_EACH
    # The threads stay, and with them their connections and the plans that these have come to know.
    with ThreadPoolExecutor(users) as threads:
        measure = partial(_measure, server, threads, users)
        for work in works:
            measure(WARMING, work)
        rounds = [[measure(calls, work) for work in works] for _ in range(ROUNDS)]
    return [list(of_one) for of_one in zip(*rounds, strict=True)]


def _measure(server: Postgres, threads: ThreadPoolExecutor, users: int, calls: int, work: Work) -> Figures:
    """Each user calls, and calls again as soon as that is done."""
    latencies: list[float] = []
    together = threading.Barrier(users + 1)

    def use(user_id: int) -> None:
        together.wait()
        try:
            for number in range(calls):
                began = time.perf_counter()
                work(user_id, number)
                latencies.append(time.perf_counter() - began)
        finally:
            together.wait()

    there, here, wall = seconds_of(server.pid), time.process_time(), time.perf_counter()
    uses = [threads.submit(use, number) for number in range(1, users + 1)]
    together.wait()
    together.wait()
    wall, here = time.perf_counter() - wall, time.process_time() - here
    after = seconds_of(server.pid)
    for ended in uses:
        ended.result()
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
