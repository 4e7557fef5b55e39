"""Whether what a user does grows with what others write, in tables of three sizes: `python -m bench.growth`.

The statements are the features' own, planned for their values and for any values. Pages and rows are from the plans
and come out alike wherever they are counted. Times are medians, of the best of several rounds over the three
databases in turns. Draws a plot under `.local/bench`; with `--redraw` the one that README shows, `bench/growth.svg`.
Fails where something grows that should not.
"""

import dataclasses
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench.data import Loader
from bench.plans import MODES, Mode, Plan, Reads, explain, statement_of, trial
from bench.plot import Line, draw
from bench.tables import show, times
from chalicelib.core import config, context
from chalicelib.core.context import Actor
from chalicelib.core.migrations import migrate
from chalicelib.features.chats.listing import list_chats
from chalicelib.features.chats.schemas import ChatQuery
from chalicelib.features.messages import history
from chalicelib.features.messages.receipts import mark_read
from chalicelib.features.messages.schemas import HistoryQuery, SendInput
from chalicelib.features.messages.search import MessageSearchQuery, search
from chalicelib.features.messages.send import send
from chalicelib.features.messages.sync import SyncQuery, sync
from local.postgres import Postgres

README_PLOT = Path(__file__).with_name("growth.svg")
PLOT = Path(".local/bench/growth.svg")
SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3
CALLS = 40
# After so many, a connection has prepared its statements and settled on their plans.
WARMING = 15
# Seconds; what takes longer is called less often.
LONGEST = 0.5
# A tree of a thousand times as many rows has a level or two more.
MOST_GROWTH = 1.25
FEW_PAGES = 20
# One row, and one for each of those who write in this benchmark.
SMALL = {"epoch", "allowances"}

# One user is in 500 groups, which grow with the table; another one in three that do not. They share the quiet one: it
# has 10,000 messages, and all that anybody writes elsewhere is newer.
MANY = Actor(user_id=1, session_id=1)
FEW = Actor(user_id=2, session_id=2)
OTHER = Actor(user_id=3, session_id=3)
QUIET = 1
QUIET_LENGTH = 10_000
OTHERS = 1_000
MINE = 500
IDLE = 120_000
NEWS = 50
PEOPLE = 10_000


@dataclass(frozen=True)
class Database:
    """One of the three: where it is, how many messages it began with, and cursors of before and after the news."""

    url: str
    messages: int
    message_id: int
    before_news: str
    after_news: str


@dataclass(frozen=True)
class Case:
    """Something that a user does. It may read `most_read` messages in a large table where a small one holds fewer."""

    name: str
    call: Callable[[Database], object]
    most_read: int = 0
    # Whether PostgreSQL may keep a plan that knows no values.
    is_kept: bool = True
    timed: Callable[[Database], object] | None = None


class Seen(NamedTuple):
    """What one case costs in one database."""

    plans: Mapping[Mode, Plan]
    messages_read: int
    rows_written: int
    gone_through: set[str]
    median_ms: float

    @property
    def pages(self) -> int:
        """Touched, cached or not, by the worse plan."""
        return max(plan.buffers for plan in self.plans.values())

    @property
    def discarded(self) -> int:
        """Rows that the worse plan read in vain."""
        return max(plan.discarded for plan in self.plans.values())

    @property
    def sequential(self) -> set[str]:
        """Tables that a plan, or a function that it called, read from end to end."""
        return self.gone_through.union(*(plan.sequential() for plan in self.plans.values())) - SMALL


# What is sent, and what is read, goes on counting.
_numbers = itertools.count(1)


def _write(_: Database) -> object:
    message = SendInput(chat_id=QUIET, content="hello", client_message_id=f"growth-{next(_numbers)}")
    return send(OTHER, message, "socket")


def _find(actor: Actor, q: str) -> Callable[[Database], object]:
    return lambda _: search(actor, MessageSearchQuery(q=q))


CASES = (
    Case("newest 50 of 10,000 messages", lambda _: history.history(MANY, QUIET, HistoryQuery())),
    Case("one message by its id", lambda database: history.access_message(MANY, database.message_id)),
    Case("50 of 500 chats, unread counts", lambda _: list_chats(MANY, ChatQuery())),
    Case("sync of 500 chats, no news", lambda database: sync(MANY, SyncQuery(cursor=database.after_news))),
    Case(f"sync of 500 chats, {NEWS} news", lambda database: sync(MANY, SyncQuery(cursor=database.before_news))),
    Case("search in 3 chats, 1,000 matches", _find(FEW, "meetings"), is_kept=False),
    Case("search in 3 chats, 20 matches", _find(FEW, "quartz"), is_kept=False),
    Case("search in 3 chats, no match", _find(FEW, "nowhere"), is_kept=False),
    Case("search in 500 chats, 500 matches", _find(MANY, "beginnings"), is_kept=False),
    Case("search in 500 growing chats", _find(MANY, "meetings"), most_read=5_500, is_kept=False),
    Case("send", _write),
    Case(
        "mark 10,000 messages read",
        lambda _: mark_read(FEW, QUIET, None),
        # One after another: what moves no watermark writes nothing.
        timed=lambda _: mark_read(FEW, QUIET, next(_numbers)),
    ),
)


def main() -> int:
    """Fills the databases, measures, prints a table and draws a plot; 1 where something grows."""
    with Postgres.temporary() as server:
        databases = _fill(server)
        found = {case: _compare(case, databases) for case in CASES}
    sizes = [f"{database.messages:,}" for database in databases]
    for case, seen in found.items():
        show(case.name, sizes, _rows(seen))
    columns = [*sizes, "rows in vain", "written", "time", "plan"]
    heading = "Pages touched; rows read in vain and written, and time to that of the smallest table, in the largest"
    show(
        heading,
        columns,
        [
            [
                case.name,
                *(str(one.pages) for one in seen),
                str(seen[-1].discarded),
                str(seen[-1].rows_written),
                times(seen[-1].median_ms, seen[0].median_ms),
                "kept" if _one_plan(seen) else "another",
            ]
            for case, seen in found.items()
        ],
    )
    lines = [Line(case.name, [one.pages for one in seen]) for case, seen in found.items()]
    plot = README_PLOT if "--redraw" in sys.argv[1:] else PLOT
    plot.parent.mkdir(parents=True, exist_ok=True)
    draw(plot, [database.messages for database in databases], lines)
    growing = [f"{case.name}: {why}" for case, seen in found.items() for why in _growth(seen, case.most_read)]
    print("\n" + ("\n".join(growing) or "nothing grows with what others write") + f"\ndrawn in {plot}")
    return 1 if growing else 0


def _fill(server: Postgres) -> list[Database]:
    databases: list[Database] = []
    smaller, written = "", 0
    for size in SIZES:
        name = f"messages_{size}"
        began = time.perf_counter()
        if smaller:
            server.clone(smaller, name)
        else:
            migrate(server.ensure(name))
        upto = max(1, (size - QUIET_LENGTH) // OTHERS)
        with psycopg.connect(server.url(name), autocommit=True) as connection:
            loader = Loader(connection)
            if not smaller:
                _begin(loader)
            loader.messages(2, OTHERS + 1, seqs=range(written + 1, upto + 1), sender_id=OTHER.user_id)
            loader.finish()
            count, message_id = _known(connection)
        print(f"{count:,} messages in {time.perf_counter() - began:.1f} s", flush=True)
        databases.append(Database(server.url(name), count, message_id, "", ""))
        smaller, written = name, upto
    # Not before all of them are made: news would be cloned along.
    return [_with_news(database) for database in databases]


def _begin(loader: Loader) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, OTHERS + 1 + IDLE)
    loader.members(QUIET, QUIET, user_ids=[MANY.user_id, FEW.user_id, OTHER.user_id])
    loader.members(2, MINE, user_ids=[MANY.user_id])
    loader.members(2, NEWS + 1, user_ids=[OTHER.user_id])
    loader.members(OTHERS + 2, OTHERS + 3, user_ids=[FEW.user_id])
    loader.strangers(2, OTHERS + 1 + IDLE, among=range(OTHER.user_id + 1, PEOPLE), each=2)
    seqs = range(1, QUIET_LENGTH + 1)
    loader.messages(QUIET, QUIET, seqs=seqs, sender_id=OTHER.user_id, since="2025-01-01")


def _known(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    row = connection.execute(
        "SELECT count(*), min(id) FILTER (WHERE chat_id = %s AND seq = 5000) FROM messages", [QUIET]
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _with_news(database: Database) -> Database:
    _use(database)
    with context.begin():
        before = sync(MANY, SyncQuery()).next_cursor
        for chat_id in range(2, NEWS + 2):
            send(OTHER, SendInput(chat_id=chat_id, content="news"), "socket")
        after = sync(MANY, SyncQuery()).next_cursor
    return dataclasses.replace(database, before_news=before, after_news=after)


def _settings(url: str) -> config.Settings:
    return config.Settings(database_url=url, log_level="ERROR", sends_socket=1_000_000, searches=1_000_000)


def _use(database: Database) -> None:
    config.use(_settings(database.url))


def _compare(case: Case, databases: list[Database]) -> list[Seen]:
    """What a case costs in each database."""
    counted = [_counted(case, database) for database in databases]
    taken: dict[str, list[float]] = {database.url: [] for database in databases}
    for _ in range(ROUNDS):
        for database in databases:
            _use(database)
            taken[database.url].append(_median_ms(case.timed or case.call, database))
    # The best round of each: what else the machine did can only have made the others slower.
    return [
        seen._replace(median_ms=min(taken[database.url])) for seen, database in zip(counted, databases, strict=True)
    ]


def _counted(case: Case, database: Database) -> Seen:
    # A connection of its own: nothing is prepared on it.
    with trial(_settings(f"{database.url}?application_name=fresh")):
        reads = Reads()
        statement = statement_of(lambda: case.call(database))
        read = reads.by_index.get("messages", 0) + reads.sequential.get("messages", 0)
        # The allowance is in a table that is no part of the conversation.
        written = sum(rows for table, rows in reads.written.items() if table != "allowances")
        gone_through = set(reads.sequential)
    plans = {}
    with psycopg.connect(database.url, autocommit=True) as connection:
        for mode in MODES if case.is_kept else MODES[:1]:
            # The first run finds the connection's caches cold.
            explain(connection, statement, mode)
            plans[mode] = explain(connection, statement, mode)
    return Seen(plans, read, written, gone_through, 0)


def _median_ms(call: Callable[[Database], object], database: Database) -> float:
    taken: list[float] = []
    with context.begin():
        until = time.perf_counter() + LONGEST
        for count in range(WARMING + CALLS):
            began = time.perf_counter()
            if taken and began > until:
                break
            call(database)
            if count >= WARMING or began > until:
                taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _rows(seen: list[Seen]) -> list[list[str]]:
    rows = [
        ["p50 ms", *(f"{one.median_ms:.2f}" for one in seen)],
        ["rows of messages read, functions included", *(str(one.messages_read) for one in seen)],
    ]
    # As it is planned for its values, which a new connection does at first, and as for any values, which comes later.
    for mode, name in zip(MODES, ("its values", "any values"), strict=True):
        if mode in seen[0].plans:
            plans = [one.plans[mode] for one in seen]
            rows += [
                [f"planned for {name}: pages touched", *(str(plan.buffers) for plan in plans)],
                ["  rows read in vain", *(str(plan.discarded) for plan in plans)],
                ["  planned as the largest", *("yes" if plan.shape == plans[-1].shape else "no" for plan in plans)],
                ["  read from end to end", *(", ".join(sorted(plan.sequential())) or "nothing" for plan in plans)],
            ]
    return rows


def _one_plan(seen: list[Seen]) -> bool:
    """Whether the largest is planned as the one before. A small table has plans of its own."""
    *_, before, last = seen
    return all(plan.shape == before.plans[mode].shape for mode, plan in last.plans.items())


def _growth(seen: list[Seen], most_read: int) -> Iterator[str]:
    """What grows, in words."""
    first, last = seen[0], seen[-1]
    # Each message that the small table lacked is at most one page more.
    lacking = max(0, most_read - first.messages_read)
    if last.pages > first.pages * MOST_GROWTH + FEW_PAGES + lacking:
        yield f"touches {last.pages} pages instead of {first.pages}"
    if last.messages_read > first.messages_read + lacking:
        yield f"reads {last.messages_read} messages instead of {first.messages_read}"
    if last.discarded > first.discarded + lacking:
        yield f"reads {last.discarded} rows in vain instead of {first.discarded}"
    if last.rows_written > first.rows_written:
        yield f"writes {last.rows_written} rows instead of {first.rows_written}"
    if last.sequential:
        yield f"reads {', '.join(sorted(last.sequential))} from end to end"


if __name__ == "__main__":
    sys.exit(main())
