"""STUN and TURN servers for WebRTC, with credentials that a relay checks by the secret it shares with us.

The scheme is coturn's `use-auth-secret` (draft-uberti-behave-turn-rest): the name of the user begins with the time at
which it ends, and the password is its HMAC. So a relay asks nobody, and neither do we.
"""

import base64
import hashlib
import hmac
import math

import msgspec

from chalicelib.core import clock, db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.features.calls.schemas import IceServer, IceServerList

# Browsers look at each server in turn: with more of them a call begins later.
MOST_RELAYS = 2


class _Alive(msgspec.Struct, frozen=True):
    alive: bool


# It is asked for its guard: an ended session gets no credentials.
_ALIVE = "SELECT true AS alive"


def servers(actor: Actor) -> IceServerList:
    """The servers that this user is to try, for `turn_seconds`. Raises SessionEnded."""
    db.the(_Alive, _ALIVE, {}, actor=actor)
    until = int(clock.now()) + settings().turn_seconds
    relays = sorted(
        (server for server in settings().ice_servers if server.startswith("turn")),
        key=lambda server: _turn(server, actor.user_id, until // settings().turn_seconds),
    )
    found = [IceServer(urls=_urls(server)) for server in settings().ice_servers if server.startswith("stun")]
    name = f"{until}:{actor.user_id}"
    password = base64.b64encode(hmac.digest(settings().turn_secret.encode(), name.encode(), hashlib.sha1)).decode()
    found += [IceServer(urls=_urls(server), username=name, credential=password) for server in relays[:MOST_RELAYS]]
    return IceServerList(ice_servers=found, expires_at=clock.wire(until))


def _urls(server: str) -> list[str]:
    return _parts(server)[0].split("|")


def _parts(server: str) -> tuple[str, int]:
    """A server's URLs and its weight."""
    urls, _, weight = server.rpartition("=")
    return (urls, int(weight)) if weight.isdigit() else (server, 1)


def _turn(server: str, user_id: int, period: int) -> float:
    """Where a relay stands in a user's list: the smallest of exponential chances, whose rate is its weight, is first.

    It is the same for all devices of the user in a period, and spreads users by the weights.
    """
    drawn = hashlib.sha256(f"{server}\n{user_id}\n{period}".encode()).digest()
    chance = (int.from_bytes(drawn[:8]) + 1) / (2**64 + 1)
    return -math.log(chance) / _parts(server)[1]
