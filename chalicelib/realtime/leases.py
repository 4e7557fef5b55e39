"""Leases: until when a user counts as online without a sign of life, and the sparse index of those that run out."""

from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.realtime import live_items
from chalicelib.realtime.connections import LEASE_SHARDS, connections_in


class Lease(msgspec.Struct, frozen=True):
    """A user's entry in the index of leases when it was read: until when, in seconds since the epoch."""

    user_id: int
    until: int


class Standing(msgspec.Struct, frozen=True):
    """Whether a user has a live connection, and their entry in the index of leases, if they have one."""

    is_there: bool
    lease: Lease | None


def standing(user_id: int) -> Standing:
    """Whether a user has a connection whose lease has not run out."""
    item = next(iter(live_items.users([user_id])), {})
    lease = _lease_in(item) if "leaseUntil" in item else None
    return Standing(
        is_there=lease is not None and lease.until > clock.now() and any(connections_in(item)),
        lease=lease if "leaseShard" in item else None,
    )


def lapsed(limit: int) -> list[Lease]:
    """Leases that ran out, of users who have not left the index since."""
    leases: list[Lease] = []
    now = int(clock.now())
    for shard in range(LEASE_SHARDS):
        answer = dynamodb(
            "Query",
            {
                "TableName": settings().live_table,
                "IndexName": "by_lease",
                "KeyConditionExpression": "leaseShard = :shard AND leaseUntil < :now",
                "ExpressionAttributeValues": {":shard": {"S": str(shard)}, ":now": {"N": str(now)}},
                "Limit": limit,
            },
        )
        leases += [_lease_in(item) for item in answer["Items"]]
    return leases


def leave_index(lease: Lease) -> None:
    """Takes a user out of the index of leases, unless a sign of life came since the lease was seen."""
    live_items.update_user(
        lease.user_id,
        UpdateExpression="REMOVE leaseShard",
        ConditionExpression="leaseUntil = :seen",
        ExpressionAttributeValues={":seen": {"N": str(lease.until)}},
    )


def _lease_in(item: dict[str, Any]) -> Lease:
    return Lease(user_id=live_items.user_id(item), until=int(item["leaseUntil"]["N"]))
