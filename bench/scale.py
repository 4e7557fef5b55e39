"""Which quota ends first as users grow, and what a few of them do under load: `python -m bench.scale`.

Demands are worked out from what users do (`infra.cost.Usage`, whose defaults are suppositions), what an action asks
of AWS (`infra/counts.json`, counted) and how much more the busiest minute has than the mean one. Quotas are AWS's
defaults of an account in a large region; most are raised on request. Three things do not follow from a product of
numbers, and are simulated, with a seed: a busy chat in a FIFO queue, everybody coming back at once, and the waves
that follow.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from bench.tables import quantile, show
from chalicelib.realtime.connections import LEASE_SHARDS
from infra import cost
from infra.cost import Usage

USERS = (10_000, 1_000_000, 100_000_000)
DAY = 86_400
# The busiest minute of a day to its mean one, and who is connected in it.
PEAK = 5.0
ONLINE = 0.1
NEW_CONNECTIONS = 500.0
# Functions that keep a connection to the database.
_WITH_DATABASE = ("api_handler", "websocket_message", "presence_changed")
SEED = 7


@dataclass(frozen=True)
class Limit:
    """A quota, and how much of it one user takes in the busiest minute."""

    name: str
    quota: float
    a_user: float

    @property
    def users(self) -> int:
        """How many users reach it."""
        return int(self.quota / self.a_user)

    def share(self, users: int) -> float:
        """How much of it they take."""
        return users * self.a_user / self.quota


def limits(usage: Usage | None = None, counts: cost.Counted | None = None, way: str = "inline") -> list[Limit]:
    """All that users come nearer to, the first to be reached first: what they take nothing of is none of theirs."""
    usage, known_counts = usage or Usage(), counts or cost.counted()
    done = _in_the_busiest_second(usage)

    def total(amount: Callable[[Mapping[str, float]], float]) -> float:
        asked = {name: cost.asked(usage, name, way, known_counts) for name in done}
        return sum(often * amount(defaultdict(float, asked[name])) for name, often in done.items())

    busy = total(cost.milliseconds) / 1000
    with_database = total(lambda counts: cost.milliseconds(_of(counts, _WITH_DATABASE))) / 1000
    # Of each action's frames one comes in, and its ack is a route response: only the others are posted.
    posts = total(lambda counts: max(0.0, counts["gateway_messages"] - 2))
    known = [
        Limit("database connections, db.t4g.micro", 60, with_database),
        Limit("Lambda: concurrent executions", 1_000, busy),
        Limit("API Gateway: posts and requests a second", 10_000, posts + done["session"] + done["request"]),
        Limit("API Gateway: new connections a second", NEW_CONNECTIONS, done["session"]),
        Limit("DynamoDB: read units a second, a table", 40_000, total(lambda c: c["dynamodb_reads"])),
        Limit("DynamoDB: write units a second, a table", 40_000, total(lambda c: c["dynamodb_writes"])),
        Limit(
            f"DynamoDB: writes a second to one of {LEASE_SHARDS} lease shards",
            1_000,
            2 * (done["renewal"] + done["session"]) / LEASE_SHARDS,
        ),
        Limit("SQS: FIFO calls a second, high throughput", 70_000, total(lambda c: c["sqs_fifo"])),
    ]
    return sorted((limit for limit in known if limit.a_user), key=lambda limit: limit.users)


def _of(counts: Mapping[str, float], functions: Sequence[str]) -> dict[str, float]:
    """What was counted of these functions' time."""
    return {what: amount for what, amount in counts.items() if what.partition("_ms_")[2] in functions}


def _in_the_busiest_second(usage: Usage) -> dict[str, float]:
    """How often one user does each thing."""
    mean = {
        name: often / cost.DAYS / DAY for name, often in cost.times(msgspec.structs.replace(usage, users=1)).items()
    }
    # A lease is renewed for as long as one is connected, whatever one does.
    return {name: often * PEAK for name, often in mean.items()} | {"renewal": ONLINE / cost.RENEWAL_MINUTES / 60}


def waits_in_a_group(rate: float, batch_seconds: float, *, seconds: float = 300.0, seed: int = SEED) -> list[float]:
    """How long each message of one busy chat waits in the queue, in seconds.

    A FIFO group has one batch under way, of ten at most; messages come at random, `rate` a second.
    """
    dice = random.Random(seed)
    arrivals: list[float] = []
    now = dice.expovariate(rate)
    while now < seconds:
        arrivals.append(now)
        now += dice.expovariate(rate)
    waits: list[float] = []
    free = 0.0
    first = 0
    while first < len(arrivals):
        begins = max(free, arrivals[first])
        last = first
        while last < len(arrivals) and last < first + 10 and arrivals[last] <= begins:
            last += 1
        waits += [begins - arrival for arrival in arrivals[first:last]]
        free = begins + batch_seconds
        first = last
    return waits


def return_after_an_outage(
    clients: int, *, longest_pause: float = 60.0, rate: float = NEW_CONNECTIONS, seed: int = SEED
) -> list[float]:
    """When each of the clients is back that all lost their sockets at 0: seconds, in order.

    They try again after random pauses that double up to a bound; API Gateway lets `rate` a second in, and refuses the
    others.
    """
    dice = random.Random(seed)
    tries = [(dice.uniform(0, 1.0), 1.0, number) for number in range(clients)]
    heapq.heapify(tries)
    admitted: list[float] = []
    tokens, filled = rate, 0.0
    while tries:
        now, pause, number = heapq.heappop(tries)
        tokens, filled = min(rate, tokens + (now - filled) * rate), now
        if tokens >= 1:
            tokens -= 1
            admitted.append(now)
        else:
            pause = min(2 * pause, longest_pause)
            heapq.heappush(tries, (now + dice.uniform(0, pause), pause, number))
    return admitted


def waves_after_a_start(clients: int, *, life: float = 7200.0, seed: int = SEED) -> list[int]:
    """New connections in each minute of a day after all came at once: each comes again after 80 to 95 % of a life."""
    dice = random.Random(seed)
    minutes = [0] * (DAY // 60)
    for _ in range(clients):
        now = dice.uniform(0.80, 0.95) * life
        while now < DAY:
            minutes[int(now // 60)] += 1
            now += dice.uniform(0.80, 0.95) * life
    return minutes


def rows(found: Sequence[Limit]) -> list[list[str]]:
    """The table of docs/scale.md."""
    return [
        [
            limit.name,
            f"{limit.quota:,.0f}",
            f"{_rounded(limit.users):,}",
            *(f"{limit.share(users):.1%}" for users in USERS),
        ]
        for limit in found
    ]


def main() -> None:
    """Prints the table and the simulations."""
    columns = ["quota", "reached by users", *(f"of it at {users:,}" for users in USERS)]
    show(f"quotas, {PEAK:.0f} times the mean, {ONLINE:.0%} of the users connected", columns, rows(limits()))
    batch = cost.milliseconds(_of(cost.counted().actions["queue"]["send"], ["push"])) / 1000
    chat = [
        [f"{rate} messages a second", f"{quantile(waits, 0.5):.2f}", f"{quantile(waits, 0.99):.2f}"]
        for rate in (10, 50, 100, 250, 400)
        for waits in [waits_in_a_group(rate, batch)]
    ]
    show(f"one chat, a batch takes {batch * 1000:.0f} ms", ["p50 wait, s", "p99 wait, s"], chat)
    back = [
        [
            f"{clients:,} clients",
            f"{clients / NEW_CONNECTIONS:.0f}",
            f"{quantile(times, 0.5):.0f}",
            f"{times[-1]:.0f}",
        ]
        for clients in (10_000, 100_000, 300_000)
        for times in [return_after_an_outage(clients)]
    ]
    show("all come back", ["at best, s", "half are back, s", "all are back, s"], back)
    waves = waves_after_a_start(100_000)
    show(
        "100,000 that came at once, of the mean in a minute",
        ["first wave", "last hour's highest"],
        [["", f"{max(waves) / _mean(waves):.1f}x", f"{max(waves[-60:]) / _mean(waves):.1f}x"]],
    )


def _mean(minutes: Sequence[int]) -> float:
    return sum(minutes) / len(minutes)


def _rounded(users: int) -> int:
    """Two digits: more would be a claim."""
    digits = max(0, len(str(users)) - 2)
    return round(users, -digits)


if __name__ == "__main__":
    main()
