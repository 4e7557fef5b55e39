"""The product beside a floor server, by their own doors, in one run: `python -m bench.figures`.

Both stand on one PostgreSQL that waits for its disk, serve the same client, and are measured in turns, so that a
noisy machine troubles both alike: read the ratios. The floor (`bench.floor`) is one process that stores a message by
one prepared INSERT and checks nothing.
"""

import asyncio
import itertools
import math
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench import doors
from bench.doors import SOCKETS, USERS, Door, message
from bench.processors import megabytes_of, seconds_of
from bench.tables import show
from bench.wire import Requester, Talker
from chalicelib.core.ids import random_id
from local.postgres import Postgres

KEPT = Path(".local/bench")
ROUNDS = 5
SENDS = 150
CROWDED_SECONDS = 3.0
FAN_OUTS = 15
PAGES = 100
# What follows from the last delivery (an answer to the queue, a log line) belongs to it.
AFTERMATH_SECONDS = 0.3
# Below this share of a processor, nothing is still going on that was begun before; and so long it may take.
QUIET_SHARE = 0.08
QUIET_WITHIN_SECONDS = 60.0

Figures = dict[str, float]


@dataclass(frozen=True)
class Figure:
    """How a figure is called, and what its ratio to the floor's may be at most: at least, where more is better."""

    title: str
    unit: str = "ms"
    bound: float | None = None
    more_is_better: bool = False


FIGURES = {
    "alone": Figure("one sender, send to ack, p50", bound=5),
    "crowded": Figure(f"{USERS} users, each in a closed loop, acknowledged", "/s", 1 / 6, more_is_better=True),
    "crowded_here": Figure("  processor time a send, without PostgreSQL"),
    "crowded_there": Figure("  and in PostgreSQL"),
    "fan_out": Figure(f"one chat of {SOCKETS} sockets, processor time a delivery", bound=10),
    "fan_out_there": Figure("  of it in PostgreSQL"),
    "page": Figure("newest 50 of 10,000, p50", bound=2),
    "rest": Figure("one sender by REST, to the answer, p50"),
    "idle": Figure("memory before the first message", "MB"),
    "used": Figure("memory after the last one", "MB"),
}


def main() -> int:
    """Measures and prints the table."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=KEPT) as folder,
        Postgres(Path(folder) / "postgres") as server,
        doors.product(Path(folder), server) as product,
        doors.floor_server(server) as floor,
    ):
        ours, base = asyncio.run(_in_turns(product, floor, server.pid))
    columns = ["product", "floor", "ratio", "wanted", ""]
    rows = [row(figure, ours.get(name), base.get(name)) for name, figure in FIGURES.items()]
    show(f"the product beside a floor server, medians of {ROUNDS} rounds in turns", columns, rows)
    print("memory is without PostgreSQL, shared pages divided (PSS)")
    return 0


async def _in_turns(product: Door, floor: Door, database: int | None) -> tuple[Figures, Figures]:
    guests = [await Guests.enter(door, database) for door in (product, floor)]
    for each in guests:
        await each.settle()
        await each.round()
    rounds: list[tuple[Figures, Figures]] = []
    for _ in range(ROUNDS):
        base, ours = await guests[1].round(), await guests[0].round()
        rounds.append((ours, base))
    for each in guests:
        each.leave()
    return _medians([ours for ours, _ in rounds], product), _medians([base for _, base in rounds], floor)


class Guests:
    """The clients of one door, all of them connected from beginning to end."""

    def __init__(self, door: Door, database: int | None) -> None:
        self._door = door
        self._database = database
        self._pairs: list[Talker] = []
        self._crowd: list[Talker] = []
        self._crowd_chat = 0

    @classmethod
    async def enter(cls, door: Door, database: int | None) -> "Guests":
        """Connected ones."""
        guests = cls(door, database)
        guests._pairs = [await Talker.connect(door.host, seat.path) for seat in door.pairs]
        guests._crowd = [await Talker.connect(door.host, path) for path in door.crowd]
        guests._crowd_chat = door.gather()
        return guests

    def leave(self) -> None:
        """Closes everything."""
        for talker in (*self._pairs, *self._crowd):
            talker.close()

    async def settle(self) -> None:
        """Waits until nothing is still going on that so many connections have begun."""
        until = time.monotonic() + QUIET_WITHIN_SECONDS
        while time.monotonic() < until:
            here, there = self._processors()
            await asyncio.sleep(1.0)
            now_here, now_there = self._processors()
            if not now_here + now_there - here - there > QUIET_SHARE:
                return

    async def round(self) -> Figures:
        """Each figure once."""
        figures = {"alone": await self._alone(), "page": await self._page()}
        if self._door.token:
            figures["rest"] = await self._rest()
        return figures | await self._crowded() | await self._fan_out()

    async def _alone(self) -> float:
        talker, chat_id = self._pairs[0], self._door.pairs[0].chat_id
        taken = []
        for _ in range(SENDS):
            began = time.perf_counter()
            await talker.send(message(chat_id, random_id()))
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * 1000

    async def _page(self) -> float:
        return await self._answered([self._door.page] * PAGES)

    async def _rest(self) -> float:
        chat_id = self._door.pairs[0].chat_id
        return await self._answered([self._door.post(message(chat_id, random_id())) for _ in range(SENDS)])

    async def _answered(self, requests: list[bytes]) -> float:
        taken = []
        requester = await Requester.connect(self._door.host)
        for request in requests:
            began = time.perf_counter()
            await requester.request(request)
            taken.append(time.perf_counter() - began)
        requester.close()
        return statistics.median(taken) * 1000

    async def _crowded(self) -> Figures:
        here, there = self._processors()
        began = time.perf_counter()
        until = began + CROWDED_SECONDS

        async def use(talker: Talker, chat_id: int) -> int:
            for count in itertools.count():
                if time.perf_counter() > until:
                    return count
                await talker.send(message(chat_id, random_id()))
            raise AssertionError

        uses = [use(talker, seat.chat_id) for talker, seat in zip(self._pairs, self._door.pairs, strict=True)]
        acknowledged = sum(await asyncio.gather(*uses))
        wall = time.perf_counter() - began
        await asyncio.sleep(AFTERMATH_SECONDS)
        now_here, now_there = self._processors()
        return {
            "crowded": acknowledged / wall,
            "crowded_here": (now_here - here) / acknowledged * 1000,
            "crowded_there": (now_there - there) / acknowledged * 1000,
        }

    async def _fan_out(self) -> Figures:
        """Each message is sent when everybody has heard the one before."""
        here, there = self._processors()
        heard = self._heard()
        for number in range(1, FAN_OUTS + 1):
            await self._crowd[0].send(message(self._crowd_chat, random_id()))
            async with asyncio.timeout(QUIET_WITHIN_SECONDS):
                while self._heard() - heard < number * SOCKETS:
                    await asyncio.sleep(0.002)
        await asyncio.sleep(AFTERMATH_SECONDS)
        now_here, now_there = self._processors()
        deliveries = FAN_OUTS * SOCKETS
        return {
            "fan_out": (now_here - here + now_there - there) / deliveries * 1000,
            "fan_out_there": (now_there - there) / deliveries * 1000,
        }

    def _heard(self) -> int:
        return sum(talker.events for talker in self._crowd)

    def _processors(self) -> tuple[float, float]:
        """Processor seconds so far: of the door's processes, and of PostgreSQL's. NaN where the system tells none."""
        here, there = (seconds_of(pid) for pid in (self._door.pid, self._database))
        return (math.nan if here is None else here), (math.nan if there is None else there)


def _medians(rounds: list[Figures], door: Door) -> Figures:
    medians = {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}
    memory = {"idle": door.idle, "used": megabytes_of(door.pid)}
    return medians | {name: value for name, value in memory.items() if value is not None}


def row(figure: Figure, ours: float | None, base: float | None) -> list[str]:
    """A line of the table: the figure, both values, their ratio, what was wanted of it and whether it is so."""
    if ours is None or base is None:
        ratio, verdict = None, ""
    else:
        ratio = ours / base
        verdict = "" if figure.bound is None else "met" if _is_met(figure, ratio) else "MISSED"
    return [
        f"{figure.title}, {figure.unit}",
        _shown(ours),
        _shown(base),
        "-" if ratio is None else _times(ratio),
        "" if figure.bound is None else f"{'≥' if figure.more_is_better else '≤'} {_times(figure.bound)}",
        verdict,
    ]


def _is_met(figure: Figure, ratio: float) -> bool:
    assert figure.bound is not None
    return ratio >= figure.bound if figure.more_is_better else ratio <= figure.bound


def _shown(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def _times(ratio: float) -> str:
    if math.isnan(ratio):
        return "-"
    return f"{ratio:.1f}x" if ratio >= 1 else f"1/{1 / ratio:.1f}"


if __name__ == "__main__":
    sys.exit(main())
