"""The keys of others: listed, handed out, and followed in their log."""

from typing import LiteralString

import msgspec

from chalicelib.core import db, ratelimit
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.paging import cut
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import REFUSALS
from chalicelib.features.encryption.schemas import (
    Claim,
    ClaimedKeys,
    DeviceKeys,
    KeyLog,
    KeyLogEntry,
    KeyLogQuery,
    UserKeys,
)
from chalicelib.realtime import events
from chalicelib.realtime.keys import ChainHead, KeysLow
from chalicelib.realtime.publish import publish

# Below this a device is told to publish more.
FEW = 20
# So many one-time keys of a device one user gets in a day, and then its signed pre-key: nobody drains another's keys.
FAIR = 5


class _Found(msgspec.Struct, frozen=True):
    verdict: str | None
    rows: str
    log: str


class _Claimed(Allowance, frozen=True, kw_only=True):
    claimed: str | None


class _Left(msgspec.Struct, frozen=True, rename="camel"):
    """How many one-time keys a device has left."""

    device_id: int
    user_id: int
    left: int


_DEVICES: LiteralString = """
SELECT v.verdict, CASE WHEN v.verdict IS NULL THEN (
    SELECT coalesce(jsonb_agg(device_keys_json(k) ORDER BY k.session_id), '[]')
    FROM encrypting_devices(%(owner)s) k
) ELSE '[]' END::text AS rows, key_log_head(%(owner)s)::text AS log
FROM (SELECT keys_refusal(%(user_id)s, %(owner)s) AS verdict) v
"""

_LOG: LiteralString = """
SELECT v.verdict, CASE WHEN v.verdict IS NULL THEN (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'position', l.position, 'change', l.change, 'deviceId', l.device_id, 'identityKey', l.identity_key,
        'signingKey', l.signing_key, 'changedAt', wire_time(l.changed_at), 'hash', encode(l.hash, 'hex')
    ) ORDER BY l.position), '[]')
    FROM (
        SELECT * FROM key_log e WHERE e.user_id = %(owner)s AND e.position > %(after)s
        ORDER BY e.position LIMIT %(limit)s
    ) l
) ELSE '[]' END::text AS rows, key_log_head(%(owner)s)::text AS log
FROM (SELECT keys_refusal(%(user_id)s, %(owner)s) AS verdict) v
"""

_CLAIM: LiteralString = """
SELECT a.allowed, a.remaining, a.retry_after,
    CASE WHEN a.allowed THEN claim_keys(%(user_id)s, %(device_ids)s::bigint[], %(fair)s::integer) END AS claimed
FROM take_allowance(concat('claims:', %(user_id)s::bigint), %(burst)s, interval '1 minute') a
"""


def policy() -> Policy:
    """Requests for keys, of up to a hundred devices each."""
    return Policy(name="key-claims", quota=settings().key_claims)


def devices(actor: Actor, owner: int) -> UserKeys:
    """The devices of a user that have keys. Raises NotFound and Blocked."""
    values = {"user_id": actor.user_id, "owner": owner}
    found = _allowed(db.the(_Found, _DEVICES, values, actor=actor))
    return UserKeys(
        devices=msgspec.json.decode(found.rows, type=list[DeviceKeys]),
        log=msgspec.json.decode(found.log, type=ChainHead),
    )


def log(actor: Actor, owner: int, query: KeyLogQuery) -> KeyLog:
    """A page of a user's log of keys. Raises NotFound and Blocked."""
    values = {"user_id": actor.user_id, "owner": owner, "after": query.after, "limit": query.limit + 1}
    found = _allowed(db.the(_Found, _LOG, values, actor=actor))
    entries, has_more = cut(msgspec.json.decode(found.rows, type=list[KeyLogEntry]), query.limit)
    return KeyLog(entries=entries, has_more=has_more, head=msgspec.json.decode(found.log, type=ChainHead))


def claim(actor: Actor, device_ids: list[int]) -> tuple[Claim, Allowance]:
    """A key of each of these devices: a one-time key where there is one, which nobody else gets.

    Raises RateLimited.
    """
    limit = policy()
    values = {
        "user_id": actor.user_id,
        "device_ids": device_ids,
        "burst": limit.burst,
        "fair": None if limit.burst is None else FAIR,
    }
    row = db.the(_Claimed, _CLAIM, values, actor=actor)
    ratelimit.refuse_unless_allowed(limit, row)
    claimed = row.claimed or "[]"
    _tell_low(msgspec.json.decode(claimed, type=list[_Left]))
    found = msgspec.json.decode(claimed, type=list[ClaimedKeys])
    missing = sorted(set(device_ids) - {device.device_id for device in found})
    return Claim(devices=found, missing=missing), row


def _tell_low(claimed: list[_Left]) -> None:
    for device in claimed:
        if device.left < FEW:
            event = events.keys_low(KeysLow(device_id=device.device_id, one_time_keys=device.left))
            publish(event, to=[device.user_id], group=f"user:{device.user_id}", sessions=[device.device_id])


def _allowed(found: _Found) -> _Found:
    if found.verdict is not None:
        raise REFUSALS[found.verdict]()
    return found
