"""Whether reading grows with what others write, in tables of three sizes: `python -m bench.history`.

The statements are the features' own. Times are medians, of the best of several rounds over the three databases in
turns; what was read is from the plans, which also must be the same ones.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import msgspec
import psycopg

from bench.data import Loader
from bench.plans import MODES, Mode, Plan, Reads, explain, statement_of
from bench.tables import show, times
from chalicelib.core import config, context, db
from chalicelib.core.context import Actor
from chalicelib.core.migrations import migrate
from chalicelib.features.chats.listing import list_chats
from chalicelib.features.chats.schemas import ChatQuery
from chalicelib.features.messages import history
from chalicelib.features.messages.schemas import HistoryQuery
from local.postgres import Postgres

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5
CALLS = 60
# After so many, a connection has prepared its statements and settled on their plans.
WARMING = 25

ME = Actor(user_id=1, session_id=1)
# This one has 10,000 messages, and all that anybody writes elsewhere is newer.
QUIET = 1
QUIET_LENGTH = 10_000
OTHERS = 1_000
MINE = 500
IDLE = 120_000
PEOPLE = 10_000


def main() -> None:
    """Fills the databases, measures and prints a table for each statement."""
    with Postgres.temporary() as server:
        urls, message_id = _fill(server)
        newest = f"newest 50 of a quiet chat of {QUIET_LENGTH:,}"
        _compare(newest, urls, lambda: history.history(ME, QUIET, HistoryQuery()))
        _compare("one message by its id", urls, lambda: history.access_message(ME, message_id))
        listed = f"newest 50 of {MINE} chats, with unread counts and last messages"
        _compare(listed, urls, lambda: list_chats(ME, ChatQuery()))


def _fill(server: Postgres) -> tuple[dict[int, str], int]:
    """The URLs of the databases by the number of messages in them; and the id of a message of the quiet chat."""
    urls: dict[int, str] = {}
    smaller, written = "", 0
    for size in SIZES:
        name = f"messages_{size}"
        began = time.perf_counter()
        if smaller:
            server.clone(smaller, name)
        else:
            migrate(server.ensure(name))
        urls[size] = server.url(name)
        upto = max(1, (size - QUIET_LENGTH) // OTHERS)
        with psycopg.connect(urls[size], autocommit=True) as connection:
            loader = Loader(connection)
            if not smaller:
                _begin(loader)
            loader.messages(2, OTHERS + 1, seqs=range(written + 1, upto + 1), sender_id=3)
            loader.finish()
            count, message_id = _known(connection)
        smaller, written = name, upto
        print(f"{count:,} messages in {time.perf_counter() - began:.1f} s", flush=True)
    return urls, message_id


def _begin(loader: Loader) -> None:
    loader.people(1, PEOPLE)
    loader.belongings(1, PEOPLE)
    loader.groups(1, OTHERS + 1 + IDLE)
    loader.members(QUIET, QUIET, user_ids=[1, 2])
    loader.members(2, MINE, user_ids=[1])
    loader.strangers(2, OTHERS + 1 + IDLE, among=range(2, PEOPLE), each=2)
    loader.messages(QUIET, QUIET, seqs=range(1, QUIET_LENGTH + 1), sender_id=2, since="2025-01-01")


def _known(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    row = connection.execute(
        "SELECT count(*), min(id) FILTER (WHERE chat_id = %s AND seq = 5000) FROM messages", [QUIET]
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _compare(heading: str, urls: dict[int, str], call: Callable[[], object]) -> None:
    taken: dict[int, list[float]] = {size: [] for size in urls}
    anew: dict[int, bool] = {}
    for _ in range(ROUNDS):
        for size, url in urls.items():
            _use(url)
            taken[size].append(_median_ms(call))
            anew[size] = _is_planned_anew()
    # The best round of each: what else the machine did can only have made the others slower.
    medians = [min(taken[size]) for size in urls]
    seen = [_seen(url, call) for url in urls.values()]
    rows = [
        ["p50 ms", *(f"{median:.2f}" for median in medians)],
        ["to the smallest", *(times(median, medians[0]) for median in medians)],
        ["planned anew for each call", *("YES" if anew[size] else "no" for size in urls)],
    ]
    # As it is planned for its values, which a new connection does at first, and as for any values, which comes later.
    for mode, name in zip(MODES, ("its values", "any values"), strict=True):
        plans = [of_modes[mode] for of_modes, _ in seen]
        rows += [
            [f"planned for {name}: rows discarded", *(str(plan.discarded) for plan in plans)],
            ["  pages touched", *(str(plan.buffers) for plan in plans)],
            ["  the same plan", *("yes" if plan.shape == plans[0].shape else "NO" for plan in plans)],
            ["  read from end to end", *(", ".join(sorted(plan.sequential())) or "nothing" for plan in plans)],
        ]
    rows.append(["rows of messages read, functions included", *(str(count) for _, count in seen)])
    show(heading, [f"{size:,}" for size in urls], rows)


class _Plans(msgspec.Struct, frozen=True):
    most: int


# A connection that finds the plan for any values to be no worse than five made for their values plans no more.
_ANEW = "SELECT coalesce(max(custom_plans), 0) AS most FROM pg_prepared_statements"


def _is_planned_anew() -> bool:
    return db.the(_Plans, _ANEW, {}).most > WARMING


def _use(url: str) -> None:
    config.use(config.Settings(database_url=url, log_level="ERROR"))


def _seen(url: str, call: Callable[[], object]) -> tuple[dict[Mode, Plan], int]:
    """The plans of the statement that a call runs, and how many messages its first run on a connection reads."""
    _use(f"{url}?application_name=fresh")
    with context.begin(), db.transaction():
        read = Reads()
        statement = statement_of(call)
        count = read.by_index.get("messages", 0) + read.sequential.get("messages", 0)
    with psycopg.connect(url, autocommit=True) as connection:
        plans = {}
        for mode in MODES:
            # The first run finds the connection's caches cold.
            explain(connection, statement, mode)
            plans[mode] = explain(connection, statement, mode)
    return plans, count


def _median_ms(call: Callable[[], object]) -> float:
    taken = []
    with context.begin():
        for _ in range(WARMING):
            call()
        for _ in range(CALLS):
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


if __name__ == "__main__":
    main()
