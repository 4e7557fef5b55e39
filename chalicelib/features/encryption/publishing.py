"""The keys of one's own device: published, and told to those who have exchanged keys with the user."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import KeysFixed, TooManyKeys
from chalicelib.core.problems import Problem
from chalicelib.features.encryption.schemas import KeysInput, OwnKeys
from chalicelib.realtime import events
from chalicelib.realtime.keys import ChainHead
from chalicelib.realtime.publish import publish as tell

# One-time keys of a device that nobody has been given.
MOST_KEPT = 200

_REFUSALS: dict[str, type[Problem]] = {"keys_fixed": KeysFixed, "too_many_keys": TooManyKeys}


class _Published(msgspec.Struct, frozen=True):
    verdict: str
    own: str
    hearers: list[int] | None
    log: str


class _Own(msgspec.Struct, frozen=True):
    published: bool
    one_time_keys: int
    rotated_at: str | None


class _News(msgspec.Struct, frozen=True):
    log: str
    hearers: list[int]


_PUBLISH: LiteralString = """
SELECT p.verdict, jsonb_build_object(
    'deviceId', %(session_id)s::bigint, 'published', true, 'oneTimeKeys', p.one_time_keys,
    'preKeyRotatedAt', p.rotated_at
)::text AS own, p.hearers, p.log::text AS log
FROM publish_keys(%(user_id)s, %(session_id)s, %(given)s::jsonb, %(most)s) p
"""

_OWN: LiteralString = """
SELECT k.session_id IS NOT NULL AS published, free_keys(me.id) AS one_time_keys,
    wire_time(k.rotated_at) AS rotated_at
FROM (SELECT %(session_id)s::bigint AS id) me LEFT JOIN device_keys k ON k.session_id = me.id
"""

_NEWS: LiteralString = """
SELECT key_log_head(%(user_id)s)::text AS log, key_hearers(%(user_id)s) AS hearers
"""


def publish(actor: Actor, given: KeysInput) -> OwnKeys:
    """Publishes the keys of the actor's device; later its next signed pre-key, and more one-time keys.

    Raises KeysFixed for another identity than the one published first, and TooManyKeys.
    """
    values = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "given": msgspec.json.encode(given).decode(),
        "most": MOST_KEPT,
    }
    row = db.the(_Published, _PUBLISH, values, actor=actor)
    if row.verdict in _REFUSALS:
        raise _REFUSALS[row.verdict]()
    if row.hearers is not None:
        _tell(actor.user_id, row.log, row.hearers)
    return msgspec.json.decode(row.own, type=OwnKeys)


def own(actor: Actor) -> OwnKeys:
    """What others find of the actor's device."""
    row = db.the(_Own, _OWN, {"session_id": actor.session_id}, actor=actor)
    return OwnKeys(
        device_id=actor.session_id,
        published=row.published,
        one_time_keys=row.one_time_keys,
        pre_key_rotated_at=row.rotated_at,
    )


def tell_ended(user_id: int) -> None:
    """Tells where a user's log of keys ends, once sessions of theirs have ended; nobody where it is empty."""
    row = db.the(_News, _NEWS, {"user_id": user_id})
    if msgspec.json.decode(row.log, type=ChainHead).position:
        _tell(user_id, row.log, row.hearers)


def _tell(user_id: int, log: str, hearers: list[int]) -> None:
    event = events.keys_changed(user_id, msgspec.json.decode(log, type=ChainHead))
    tell(event, to=hearers, group=f"user:{user_id}")
