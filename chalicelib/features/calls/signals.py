"""What devices say to each other to connect: offers, answers and ICE candidates. It is passed on, and kept nowhere.

Signals go to the sockets of the other's device alone; while it still rings, to those of all their devices. Whom one
may signal a container reads from PostgreSQL once for some seconds and signals, so that most cost no round trip.
"""

from typing import Literal

import msgspec

from chalicelib.core import clock
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ratelimit import Policy, refuse_unless_allowed
from chalicelib.core.verdicts import REFUSALS
from chalicelib.features.calls import store
from chalicelib.features.calls.schemas import IceInput, SdpInput, SignalInput
from chalicelib.realtime import events
from chalicelib.realtime.event_data import CallCandidate, CallSignal
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Envelope

# What is read once serves so many signals and seconds: after a device was changed, signals go astray no longer.
LEASE_SIGNALS = 20
LEASE_SECONDS = 5.0
_KNOWN = 2_000


class _Lease(msgspec.Struct, kw_only=True):
    """Whom somebody may signal in a call, by user; the session is None where it still rings."""

    call_id: int
    chat_id: int
    others: dict[int, int | None]
    until: float
    left: int = LEASE_SIGNALS


_leases: dict[tuple[int, int, int | None], _Lease] = {}


def describe(actor: Actor, kind: Literal["offer", "answer"], asked: SdpInput) -> None:
    """Passes a session description on.

    Raises NotFound, NotInCall, CallIsOver, CallIsARoom, RateLimited, and InvalidInput where it is not said to whom
    it goes.
    """
    lease, to = _addressed(actor, asked)
    data = CallSignal(
        call_id=lease.call_id, chat_id=lease.chat_id, user_id=actor.user_id, sdp=asked.sdp, number=asked.number
    )
    _pass_on(actor, events.call_signal(kind, data), lease, to)


def offer_candidate(actor: Actor, asked: IceInput) -> None:
    """Passes an ICE candidate on. Raises as `describe` does."""
    lease, to = _addressed(actor, asked)
    data = CallCandidate(
        call_id=lease.call_id,
        chat_id=lease.chat_id,
        user_id=actor.user_id,
        candidate=asked.candidate,
        number=asked.number,
    )
    _pass_on(actor, events.call_ice(data), lease, to)


def _pass_on(actor: Actor, event: Envelope, lease: _Lease, to: int) -> None:
    session = lease.others[to]
    # One group for each direction: an offer is not overtaken by its candidates.
    group = f"call:{lease.call_id}:{actor.user_id}:{to}"
    publish(event, to=[to], group=group, sessions=[] if session is None else [session])


def _addressed(actor: Actor, asked: SignalInput) -> tuple[_Lease, int]:
    """What allows a signal, and to whom it goes."""
    lease = _leased(actor, asked.call_id)
    to = asked.to
    if to is None:
        if len(lease.others) != 1:
            raise InvalidInput.at("to", "missing", "is required unless there is one other in the call")
        (to,) = lease.others
    if to not in lease.others:
        lease = _leased(actor, asked.call_id, anew=True)
    if to not in lease.others:
        raise InvalidInput.at("to", "unknown_value", "must be a participant of the call")
    lease.left -= 1
    return lease, to


def _leased(actor: Actor, call_id: int | None, *, anew: bool = False) -> _Lease:
    key = (actor.user_id, actor.session_id, call_id)
    lease = _leases.pop(key, None)
    if anew or lease is None or lease.left <= 0 or lease.until <= clock.now():
        lease = _read(actor, call_id)
        while len(_leases) >= _KNOWN:
            _leases.pop(next(iter(_leases)))
    _leases[key] = lease
    return lease


def _read(actor: Actor, call_id: int | None) -> _Lease:
    limit = Policy(name="call-signals", quota=-(-settings().call_signals // LEASE_SIGNALS))
    found = store.signalling(actor, call_id, limit=limit)
    if found.verdict in REFUSALS:
        raise REFUSALS[found.verdict]()
    refuse_unless_allowed(limit, found)
    if found.call_id is None or found.chat_id is None:
        raise LookupError("an allowed signal answered no call")
    return _Lease(
        call_id=found.call_id,
        chat_id=found.chat_id,
        others=msgspec.json.decode(found.others, type=dict[int, int | None]),
        until=clock.now() + LEASE_SECONDS,
    )
