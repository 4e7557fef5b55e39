"""What is done in calls by a frame on a socket; actions.py lists it among the others."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from chalicelib.core.context import Actor
from chalicelib.features.calls import rooms, signals
from chalicelib.features.calls import service as calls
from chalicelib.features.calls.room_schemas import CallRoom
from chalicelib.features.calls.schemas import (
    CallAcceptInput,
    CallEndInput,
    CallInput,
    CallRingInput,
    CallStart,
    CallStatesInput,
    IceInput,
    SdpInput,
)
from chalicelib.realtime.shapes import Call


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No data."""


def start_call(actor: Actor, data: CallStart) -> Call:
    """Call the other members of a chat, or join the call that there is."""
    return calls.start(actor, data).call


def ring_call(actor: Actor, data: CallRingInput) -> Call:
    """Say that this device rings; or call others into the call."""
    return calls.ring(actor, data.call_id, data).call


def accept_call(actor: Actor, data: CallAcceptInput) -> Call:
    """Answer a call by this device, or come back to it; again is as once."""
    return calls.accept(actor, data.call_id, data).call


def decline_call(actor: Actor, data: CallInput) -> Call:
    """Decline a call; again is as once."""
    return calls.decline(actor, data.call_id).call


def end_call(actor: Actor, data: CallEndInput) -> Call:
    """Leave a call, which ends where fewer than two are left; again is as once."""
    return calls.end(actor, data.call_id, data).call


def change_call_state(actor: Actor, data: CallStatesInput) -> Call:
    """Tell the others whether one is muted, has the camera on, or shares a screen."""
    return calls.change_states(actor, data.call_id, data).call


def enter_room(actor: Actor, data: CallInput) -> CallRoom:
    """What one's device enters the room of its call by, as the Amazon Chime SDK takes it; again is as once."""
    return rooms.enter(actor, data.call_id)


def offer_to_connect(actor: Actor, data: SdpInput) -> Nothing:
    """Pass an offer to the device of another participant."""
    signals.describe(actor, "offer", data)
    return Nothing()


def answer_an_offer(actor: Actor, data: SdpInput) -> Nothing:
    """Pass an answer to the device of another participant."""
    signals.describe(actor, "answer", data)
    return Nothing()


def offer_candidate(actor: Actor, data: IceInput) -> Nothing:
    """Pass an ICE candidate to the device of another participant."""
    signals.offer_candidate(actor, data)
    return Nothing()


CALLS: Mapping[str, Callable[..., Any]] = {
    "call:start": start_call,
    "call:ring": ring_call,
    "call:accept": accept_call,
    "call:decline": decline_call,
    "call:end": end_call,
    "call:state": change_call_state,
    "call:room": enter_room,
    "call:offer": offer_to_connect,
    "call:answer": answer_an_offer,
    "call:ice": offer_candidate,
}
