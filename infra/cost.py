"""What a month costs, line by line: `python -m infra.cost --users 10000 --messages 20`, which is `make cost`.

Prices are those of `prices.json`, each with its source and date. What an action asks of AWS is counted by
`python -m bench.counts` (`counts.json`), and a test counts it again: with events that functions post themselves, and
with events that the queue carries. What users do is yours to say, by the options: their defaults are suppositions.
Processor time is that of the machine that counted, and the waits are those that `bench.ledger` supposes. No free tier
is taken off.

What stands is what infra/stack.yaml makes of its defaults, of a stage's own parameters (`--stage prod`), and of
`--parameter Size=large`. Functions run on ARM, or on the processor that the stage gets when this Python deploys it,
or on `--architecture x86_64`. What clients do is what the client library does: no acks of typing and receipts, sync
by the socket, whose first answer has the hello, and the access token in place of a ticket.
"""

import argparse
import functools
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.core.config import Settings
from chalicelib.core.metrics import CATALOGUE
from chalicelib.features.uploads.parts import size_for
from chalicelib.realtime.connections import renewal_seconds
from infra import standing
from infra.stage import choices_of
from infra.standing import HOURS
from infra.wheels import Architecture, Target

HERE = Path(__file__).parent
CONFIG = HERE.parent / ".chalice" / "config.json"
DAYS = 30
# A function has a whole processor from this memory on, and below it a share in proportion.
_WHOLE_PROCESSOR_GIGABYTES = 1769 / 1024
# Lambda polls each queue by five long polls of 20 s, whether or not there is something in it.
_POLLS = 5 * 3 * 60 * HOURS
# docs/protocol.md: a client pings when it has sent nothing for so long, and API Gateway closes sockets of this age.
HEARTBEAT_MINUTES = Settings().heartbeat_seconds / 60
_LIFE_MINUTES = 120
# A lease is renewed by the first frame after so long.
RENEWAL_MINUTES = renewal_seconds(Settings().heartbeat_seconds) / 60
# Of more there is no silence of minutes between.
_MANY_MOMENTS = 1e6
_LARGE_FILE_BYTES = 100_000_000
# Its parts; and to begin, to list and to join them.
_WRITES_A_FILE = math.ceil(_LARGE_FILE_BYTES / size_for(_LARGE_FILE_BYTES)) + 3
# What a notification asks of AWS at most, alone: two messages, each sent, received and deleted, to two functions. The
# milliseconds are suppositions: of a statement, and of a push service's answer.
_NOTIFICATION: "Counts" = {
    "sqs_standard": 6,
    "invocations": 2,
    "wait_ms_presence_changed": 20,
    "wait_ms_notify": 300,
    "log_bytes": 600,
}
# A post to a webhook asks more: two messages to decide and to note what came of it, and one that is posted.
_POST: "Counts" = {
    "sqs_standard": 9,
    "invocations": 3,
    "wait_ms_presence_changed": 40,
    "wait_ms_notify": 300,
    "log_bytes": 900,
}
# What is stored of a picture of 12 megapixels with its thumbnails, and of half a minute of Opus.
_PICTURE_BYTES, _VOICE_BYTES = 4_200_000, 120_000
WAYS = ("inline", "queue")
# What a processor's time is priced as.
PROCESSORS: Mapping[Architecture, str] = {
    "arm64": "lambda_gigabyte_seconds",
    "x86_64": "lambda_gigabyte_seconds_x86_64",
}


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What users do. Days are days on which a user is there; `hearers` are the connections that hear a message,
    the sender's among them, which hears by the ack.
    """

    users: int = 10_000
    messages: float = 20.0  # sent by a user and day
    hearers: float = 2.0
    typing: float = 1.0  # indicators passed on for a message
    reads: float = 1.0  # read marks that move, for a message
    sessions: float = 4.0  # a user and day
    minutes: float = 60.0  # connected, a user and day
    letters: float = 0.0  # by email, a user and month; a stage without MAIL_FROM sends none
    notifications: float = 0.0  # of devices, a user and day; a stage without PUSH_CONTACT sends none
    webhooks: float = 0.0  # posts to webhooks, a user and day; a stage without WEBHOOKS makes none
    large_files: float = 0.0  # of 100 MB each, sent in parts, a user and month
    pictures: float = 0.0  # of 12 megapixels, each seen by one other, a user and month
    voices: float = 0.0  # of half a minute, each heard by one other, a user and month
    calls: float = 0.0  # of two, a user and month: relays are the deployer's
    room_minutes: float = 0.0  # in rooms of the Amazon Chime SDK, a user and month
    # By REST, a user and day: a new token for each session, and two pages of history that the device does not have.
    requests: float = 6.0

    @property
    def sent(self) -> float:
        """Messages a month."""
        return self.users * self.messages * DAYS

    @property
    def delivered(self) -> float:
        """Messages a month, each as often as it is heard."""
        return self.sent * self.hearers

    @property
    def stretches(self) -> float:
        """Sockets, a user and day: one that has reached its age is replaced by another one."""
        return max(self.sessions, self.minutes / _LIFE_MINUTES)

    @property
    def stretch_minutes(self) -> float:
        """How long a socket lasts in the mean."""
        return self.minutes / self.stretches if self.stretches else 0.0

    @property
    def pings(self) -> float:
        """A user and day. A client pings after a silence, and what it sends falls anywhere in its sessions.

        Of `k` moments in `T` minutes, silences of at least `t` minutes are left in the mean by (k + 1)(1 - t/T)^k.
        """
        minutes = self.stretch_minutes
        moments = min(self.messages * (1 + self.reads) / self.stretches, _MANY_MOMENTS) if self.stretches else 0.0
        silences = (
            (moments + 1) * (1 - number * HEARTBEAT_MINUTES / minutes) ** moments
            for number in range(1, int(minutes / HEARTBEAT_MINUTES) + 1)
        )
        return float(self.stretches * sum(silences))


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the bill: `fixed` dollars a month, and `used` ones, which grow with what users do."""

    name: str
    fixed: float = 0.0
    used: float = 0.0

    @property
    def total(self) -> float:
        """Dollars a month."""
        return self.fixed + self.used


Counts = Mapping[str, float]


class Counted(msgspec.Struct, frozen=True):
    """What each action asks of AWS in a chat of two, and what each hearer beyond these adds; by way and action."""

    actions: Mapping[str, Mapping[str, Counts]]
    another_hearer: Mapping[str, Mapping[str, Counts]]


def counted() -> Counted:
    """What each action asks of AWS."""
    return msgspec.json.decode((HERE / "counts.json").read_bytes(), type=Counted)


def priced() -> dict[str, Any]:
    """The table of prices."""
    table: dict[str, Any] = json.loads((HERE / "prices.json").read_text())
    return table


def times(usage: Usage) -> dict[str, float]:
    """How often each action is done in a month. A session begins with a sync."""
    days = usage.users * DAYS
    return {
        "send": usage.sent,
        "read": usage.sent * usage.reads,
        "typing": usage.sent * usage.typing,
        "picture": usage.users * usage.pictures,
        "voice": usage.users * usage.voices,
        "call": usage.users * usage.calls,
        "session": days * usage.sessions,
        "sync": days * usage.sessions,
        "heartbeat": days * usage.pings,
        "renewal": days * usage.stretches * int(usage.stretch_minutes / RENEWAL_MINUTES),
        "request": days * usage.requests,
    }


def asked(usage: Usage, name: str, way: str, counts: Counted) -> dict[str, float]:
    """What an action asks of AWS where so many hear of it."""
    in_two, more = counts.actions[way][name], counts.another_hearer[way].get(name, {})
    return {what: amount + (usage.hearers - 2) * more.get(what, 0.0) for what, amount in in_two.items()}


@functools.cache
def gigabytes(function: str) -> float:
    """The memory of a function."""
    config = json.loads(CONFIG.read_text())
    own = config["stages"]["dev"]["lambda_functions"].get(function, {})
    return float(own.get("lambda_memory_size", config["lambda_memory_size"]) / 1024)


def gigabyte_seconds(counts: Counts) -> float:
    """What functions hold of memory for an action."""
    return sum(gigabytes(name) * duration / 1000 for name, duration in durations(counts).items())


def durations(counts: Counts) -> dict[str, float]:
    """How long each function runs for an action, in ms: less of a processor takes longer, and a wait does not."""
    total: dict[str, float] = {}
    for what, amount in counts.items():
        kind, _, function = what.partition("_ms_")
        if function:
            share = min(1.0, gigabytes(function) / _WHOLE_PROCESSOR_GIGABYTES)
            total[function] = total.get(function, 0.0) + (amount / share if kind == "cpu" else amount)
    return total


def milliseconds(counts: Counts) -> float:
    """How long functions run for an action."""
    return sum(durations(counts).values())


def quantities(usage: Usage, way: str, counts: Counted, architecture: Architecture = "arm64") -> dict[str, float]:
    """What is used in a month, in the units of the price table."""
    total: dict[str, float] = {
        "connection_minutes": usage.users * DAYS * usage.minutes,
        "letters": usage.users * usage.letters,
        "chime_minutes": usage.users * usage.room_minutes,
        "s3_writes": usage.users * usage.large_files * _WRITES_A_FILE,
        "s3_gigabytes": usage.users
        * (usage.large_files * _LARGE_FILE_BYTES + usage.pictures * _PICTURE_BYTES + usage.voices * _VOICE_BYTES)
        / 1e9,
    }
    for each, often in ((_NOTIFICATION, usage.notifications), (_POST, usage.webhooks)):
        for what, amount in _billed(each, architecture).items():
            total[what] = total.get(what, 0.0) + usage.users * often * DAYS * amount
    for name, often in times(usage).items():
        for what, amount in _billed(asked(usage, name, way, counts), architecture).items():
            total[what] = total.get(what, 0.0) + often * amount
    return total


def bill(
    usage: Usage,
    way: str,
    counts: Counted,
    prices: Mapping[str, Any],
    parameters: Mapping[str, str] | None = None,
    architecture: Architecture = "arm64",
) -> list[Line]:
    """The month's bill, of a stack with these parameters, whose functions run on this processor."""
    fixed = {
        **standing.quantities(parameters or {}),
        "metrics": len(CATALOGUE),
        "sqs_fifo": _POLLS,
        # Presence, and letters, and notifications or webhooks, where any are sent.
        "sqs_standard": _POLLS * (1 + bool(usage.letters) + bool(usage.notifications or usage.webhooks)),
    }
    for name, amount in _billed(counts.actions[way]["sweep"], architecture).items():
        fixed[name] = fixed.get(name, 0) + HOURS * 60 * amount
    used = quantities(usage, way, counts, architecture)
    return [
        Line(
            name=name,
            fixed=_dollars(name, fixed.get(name, 0), prices),
            used=_dollars(name, used.get(name, 0.0), prices),
        )
        for name in dict.fromkeys([*fixed, *used])
    ]


def bare(
    hearers: int, way: str, counts: Counted, prices: Mapping[str, Any], architecture: Architecture = "arm64"
) -> float:
    """What a message that is sent by socket costs for each that hears it, in dollars a million; nothing beside it."""
    billed = _billed(asked(Usage(hearers=hearers), "send", way, counts), architecture)
    return sum(_dollars(name, amount, prices) for name, amount in billed.items()) / hearers * 1e6


def managed(usage: Usage, service: Mapping[str, Any]) -> float:
    """What a managed service would take for the same messages, read marks and indicators, by its published prices."""
    minutes = usage.users * DAYS * usage.minutes
    begun = math.ceil(usage.users / 10_000) * float(service.get("per_10000_users", 0))
    published = usage.sent * (1 + usage.reads + usage.typing)
    received = usage.delivered * (1 + usage.reads) + usage.sent * usage.typing * (usage.hearers - 1)
    return float(
        service["month"]
        + begun
        + published * service["publish"]
        + received * service["receive"]
        + minutes * service["connection_minute"]
    )


def per_million(dollars: float, usage: Usage) -> float:
    """The same for a million delivered messages; 0 where none is."""
    return dollars / usage.delivered * 1e6 if usage.delivered else 0.0


def main(arguments: list[str]) -> int:
    """Prints the bill both ways, and what managed services publish."""
    usage, parameters, architecture = _asked(arguments)
    table, counts = priced(), counted()
    bills = {way: bill(usage, way, counts, table["prices"], parameters, architecture) for way in WAYS}
    totals = {way: sum(line.total for line in lines) for way, lines in bills.items()}
    print(f"{usage.users:,} users, {usage.sent:,.0f} messages a month, delivered {usage.delivered:,.0f} times")
    print(
        f"prices of {table['region']} as of {table['as_of']}, US dollars a month, functions on {architecture}; "
        "events posted inline, or queued\n"
    )
    print(f"{'':31}{'fixed':>12}{'inline':>12}{'queue':>12}")
    queued = {line.name: line.used for line in bills["queue"]}
    for line in sorted(bills["inline"], key=lambda each: -each.total):
        print(f"{line.name:31}{line.fixed:12.2f}{line.used:12.2f}{queued[line.name]:12.2f}")
    print(f"{'in all':43}{totals['inline']:12.2f}{totals['queue']:12.2f}\n")
    print(f"{'a million delivered':40}{'':>4}{'a month':>14}")
    for way, total in totals.items():
        print(f"{f'this, {way}':40}{per_million(total, usage):10.2f}{total:14.2f}")
    for service in table["managed"]:
        theirs = managed(usage, service)
        print(f"{service['service']:40}{per_million(theirs, usage):10.2f}{theirs:14.2f}   ({service['dated']})")
    print("\na million delivered, of messages alone")
    for said, hearers in (("one to one", 2), ("in a group of ten", 10)):
        each = {way: bare(hearers, way, counts, table["prices"], architecture) for way in WAYS}
        print(f"{said:24}{'':12}{each['inline']:12.2f}{each['queue']:12.2f}")
    print(f"\nno published price found: {', '.join(table['not_found'])}")
    print(f"not counted: {'; '.join(table['not_counted'])}")
    return 0


def _billed(counts: Counts, architecture: Architecture) -> dict[str, float]:
    """What AWS bills of what was counted."""
    frames = ("gateway_messages", "rest_requests", "dynamodb_reads", "dynamodb_writes", "sqs_fifo", "sqs_standard")
    told = (*frames, "s3_reads", "s3_writes")
    invocations = counts.get("invocations", 0.0)
    return {
        **{name: counts.get(name, 0.0) for name in told},
        "lambda_requests": invocations,
        PROCESSORS[architecture]: gigabyte_seconds(counts),
        "bytes_out": counts.get("bytes_out", 0.0),
        "log_bytes": counts.get("log_bytes", 0.0),
    }


def _dollars(name: str, quantity: float, prices: Mapping[str, Any]) -> float:
    price = prices[name]
    return float(quantity * price["usd"] / price["per"])


def _asked(arguments: list[str]) -> tuple[Usage, dict[str, str], Architecture]:
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description="What a month costs.")
    for field in msgspec.structs.fields(Usage):
        parser.add_argument(f"--{field.name}", type=field.type, default=field.default)
    parser.add_argument("--stage", help="whose parameters in infra/stages.toml count; the defaults without it")
    parser.add_argument("--parameter", action="append", default=[], help="NAME=VALUE of infra/stack.yaml")
    parser.add_argument("--architecture", choices=PROCESSORS, help="the stage's own without it; ARM without a stage")
    given = vars(parser.parse_args(arguments))
    stage, architecture = given.pop("stage"), given.pop("architecture")
    own = choices_of(stage or "")
    # An old Python's runtime has no libraries for ARM.
    architecture = architecture or (
        Target.here(own.architecture).architecture if stage else own.architecture or "arm64"
    )
    parameters = {name: str(value) for name, value in own.parameters.items()}
    if own.ipv6 is False:
        parameters["QueuesByEndpoint"] = "true"
    parameters |= {name: value for name, _, value in (each.partition("=") for each in given.pop("parameter"))}
    try:
        standing.quantities(parameters)
    except ValueError as error:
        parser.error(str(error))
    return Usage(**given), parameters, architecture


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
