"""How many containers of each function may run, so that together they hold no more connections than there are.

A container keeps one connection to the database. Behind a proxy, which shares them, nothing is bounded; neither is it
where the account runs fewer containers than the database has connections.
"""

import contextlib
from collections.abc import Mapping

from infra.stage import IN_VPC, Say, Stage

# For migrations and `make sql`, and those that PostgreSQL and RDS keep for themselves.
_KEPT = 6
# These run by the clock or by a deployment: one, and one more that has not ended yet.
_FEW = {"sweep": 2, "migrate": 2}
# How the rest is shared, in parts of ten.
_PARTS = {"websocket_message": 5, "api_handler": 4, "upload_stored": 1}
# AWS refuses to reserve what would leave an account with less.
_UNRESERVED = 100


def reserved(stage: Stage, outputs: Mapping[str, str], say: Say) -> dict[str, int]:
    """The reserved concurrency of each function that is to have one."""
    connections = int(outputs.get("DatabaseConnections", "0"))
    limits = stage.account.client("lambda").get_account_settings()["AccountLimit"]
    if not connections or limits["ConcurrentExecutions"] <= connections:
        return {}
    wanted = shares(connections, stage.choices.concurrency)
    available = limits["UnreservedConcurrentExecutions"] + _reserved_so_far(stage) - _UNRESERVED
    if sum(wanted.values()) > available:
        say(
            f"the account lets {max(0, available)} containers be reserved, and {sum(wanted.values())} would keep the "
            "functions within the connections of their database. Nothing bounds them: ask for more concurrent "
            "executions under Service Quotas, or choose UseProxy."
        )
        return {}
    return wanted


def shares(connections: int, by_queue: Mapping[str, int]) -> dict[str, int]:
    """The containers of each function, of so many connections; those that work a queue are bounded by it."""
    bounded = sum(count for name, count in by_queue.items() if name in IN_VPC)
    left = connections - _KEPT - bounded - sum(_FEW.values())
    return {name: max(1, left * parts // 10) for name, parts in _PARTS.items()} | _FEW


def _reserved_so_far(stage: Stage) -> int:
    client = stage.account.client("lambda")
    total = 0
    for name in (*_PARTS, *_FEW):
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            answer = client.get_function_concurrency(FunctionName=stage.function(name))
            total += answer.get("ReservedConcurrentExecutions", 0)
    return total
