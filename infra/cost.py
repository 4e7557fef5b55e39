"""What a month costs, line by line: `python -m infra.cost --users 10000 --messages 20`, which is `make cost`.

Prices are those of `prices.json`, each with its source and date. What an action asks of AWS is counted by
`python -m bench.counts` (`counts.json`), and a test counts it again. What users do is yours to say, by the options:
their defaults are suppositions, and the only ones here. Milliseconds are those of the machine that counted, where the
local AWS answers slower than AWS does; so they are a bound from above. No free tier is taken off.

What stands is what infra/stack.yaml makes of its defaults, of a stage's own parameters (`--stage prod`), and of
`--parameter Size=large`.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from infra import standing
from infra.stage import choices_of
from infra.standing import HOURS

HERE = Path(__file__).parent
DAYS = 30
MEMORY_GIGABYTES = 0.5  # .chalice/config.json: lambda_memory_size
# Lambda polls each queue by five long polls of 20 s, whether or not there is something in it.
_POLLS = 5 * 3 * 60 * HOURS
# The lines START, END and REPORT that Lambda writes of each invocation, as its documentation shows them.
_PLATFORM_BYTES = 300
_HEARTBEAT_MINUTES = 4


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What users do. Days are days on which a user is there; `hearers` are the connections that hear a message."""

    users: int = 10_000
    messages: float = 20.0  # sent by a user and day
    hearers: float = 2.0
    typing: float = 1.0  # indicators passed on for a message
    reads: float = 1.0  # read marks that move, for a message
    sessions: float = 4.0  # a user and day
    minutes: float = 60.0  # connected, a user and day
    requests: float = 8.0  # by REST, a user and day: a new token and a page of history for each session

    @property
    def sent(self) -> float:
        """Messages a month."""
        return self.users * self.messages * DAYS

    @property
    def delivered(self) -> float:
        """Messages a month, each as often as it is heard."""
        return self.sent * self.hearers


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the bill: `fixed` dollars a month, and `used` ones, which grow with what users do."""

    name: str
    fixed: float = 0.0
    used: float = 0.0

    @property
    def total(self) -> float:
        """Dollars a month."""
        return self.fixed + self.used


Actions = Mapping[str, Mapping[str, float]]


def counted() -> Actions:
    """What each action asks of AWS."""
    actions: Actions = json.loads((HERE / "counts.json").read_text())["actions"]
    return actions


def priced() -> dict[str, Any]:
    """The table of prices."""
    table: dict[str, Any] = json.loads((HERE / "prices.json").read_text())
    return table


def times(usage: Usage) -> dict[str, float]:
    """How often each action is done in a month. A session begins with a sync, and says `ping` every four minutes."""
    days = usage.users * DAYS
    return {
        "send": usage.sent,
        "read": usage.sent * usage.reads,
        "typing": usage.sent * usage.typing,
        "session": days * usage.sessions,
        "sync": days * usage.sessions,
        "heartbeat": days * usage.minutes / _HEARTBEAT_MINUTES,
        "request": days * usage.requests,
    }


def quantities(usage: Usage, actions: Actions) -> dict[str, float]:
    """What is used in a month, in the units of the price table."""
    total: dict[str, float] = {"connection_minutes": usage.users * DAYS * usage.minutes}
    for name, often in times(usage).items():
        for what, amount in _scaled(name, actions[name], usage).items():
            total[what] = total.get(what, 0.0) + often * amount
    return total


def bill(
    usage: Usage, actions: Actions, prices: Mapping[str, Any], parameters: Mapping[str, str] | None = None
) -> list[Line]:
    """The month's bill, of a stack with these parameters."""
    fixed = {
        **standing.quantities(parameters or {}),
        "metrics": 11,  # chalicelib/core/metrics.py
        "sqs_fifo": _POLLS,
        "sqs_standard": _POLLS,
        "lambda_requests": HOURS * 60,  # the sweep
    }
    used = quantities(usage, actions)
    return [
        Line(
            name=name,
            fixed=_dollars(name, fixed.get(name, 0), prices),
            used=_dollars(name, used.get(name, 0.0), prices),
        )
        for name in dict.fromkeys([*fixed, *used])
    ]


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
    """Prints the bill and what managed services publish."""
    usage, parameters = _asked(arguments)
    table = priced()
    lines = bill(usage, counted(), table["prices"], parameters)
    total = sum(line.total for line in lines)
    print(f"{usage.users:,} users, {usage.sent:,.0f} messages a month, delivered {usage.delivered:,.0f} times")
    print(f"prices of {table['region']} as of {table['as_of']}, US dollars a month\n")
    print(f"{'':24}{'fixed':>12}{'used':>12}")
    for line in sorted(lines, key=lambda each: -each.total):
        print(f"{line.name:24}{line.fixed:12.2f}{line.used:12.2f}")
    print(f"{'in all':24}{total:24.2f}\n")
    print(f"{'a million delivered':40}{'':>4}{'a month':>14}")
    print(f"{'this':40}{per_million(total, usage):10.2f}{total:14.2f}")
    for service in table["managed"]:
        theirs = managed(usage, service)
        print(f"{service['service']:40}{per_million(theirs, usage):10.2f}{theirs:14.2f}   ({service['dated']})")
    print(f"no published price found: {', '.join(table['not_found'])}")
    print(f"not counted: {'; '.join(table['not_counted'])}")
    return 0


def _scaled(name: str, counts: Mapping[str, float], usage: Usage) -> dict[str, float]:
    """An action's units. It was counted with two hearers, the sender's device one of them: more cost a post each."""
    heard = name in {"send", "read", "typing"}
    more = usage.hearers - 2 if heard else 0.0
    # What goes out is the ack and the posts; what comes in is one frame.
    a_post = counts["bytes_out"] / (counts["gateway_messages"] - 1) if heard else 0.0
    milliseconds = sum(value for what, value in counts.items() if what.startswith("ms_"))
    return {
        "lambda_requests": counts["invocations"],
        "lambda_gigabyte_seconds": milliseconds / 1000 * MEMORY_GIGABYTES,
        "gateway_messages": counts.get("gateway_messages", 0.0) + more,
        "rest_requests": counts.get("rest_requests", 0.0),
        "dynamodb_reads": counts.get("dynamodb_reads", 0.0) + more,
        "dynamodb_writes": counts.get("dynamodb_writes", 0.0),
        "sqs_fifo": counts.get("sqs_fifo", 0.0),
        "sqs_standard": counts.get("sqs_standard", 0.0),
        "bytes_out": counts["bytes_out"] + more * a_post,
        "log_bytes": counts["log_bytes"] + counts["invocations"] * _PLATFORM_BYTES,
    }


def _dollars(name: str, quantity: float, prices: Mapping[str, Any]) -> float:
    price = prices[name]
    return float(quantity * price["usd"] / price["per"])


def _asked(arguments: list[str]) -> tuple[Usage, dict[str, str]]:
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description="What a month costs.")
    for field in msgspec.structs.fields(Usage):
        parser.add_argument(f"--{field.name}", type=field.type, default=field.default)
    parser.add_argument("--stage", help="whose parameters in infra/stages.toml count; the defaults without it")
    parser.add_argument("--parameter", action="append", default=[], help="NAME=VALUE of infra/stack.yaml")
    given = vars(parser.parse_args(arguments))
    own = choices_of(given.pop("stage") or "")
    parameters = {name: str(value) for name, value in own.parameters.items()}
    if own.ipv6 is False:
        parameters["QueuesByEndpoint"] = "true"
    parameters |= {name: value for name, _, value in (each.partition("=") for each in given.pop("parameter"))}
    try:
        standing.quantities(parameters)
    except ValueError as error:
        parser.error(str(error))
    return Usage(**given), parameters


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
