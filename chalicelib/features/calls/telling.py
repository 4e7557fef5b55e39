"""Who hears what of a call."""

from collections.abc import Sequence

import msgspec

from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.realtime import events
from chalicelib.realtime.calls import CallEndReason
from chalicelib.realtime.publish import publish, tend_call_later
from chalicelib.realtime.shapes import Call, Envelope, Message

# Timers are not early: what they look for must be over by PostgreSQL's clock.
_SPARE_SECONDS = 1


def tell(event: Envelope, call_id: int, to: Sequence[int], *, but: int | None = None) -> None:
    """Tells these users' devices, but for that of one session; what is told of one call keeps its order."""
    publish(event, to=to, group=f"call:{call_id}", but=but)


def accepted(actor: Actor, call: Call, party_ids: Sequence[int], sdp: str | None) -> None:
    """Somebody takes part. On their other devices it stops to ring."""
    tell(events.call_changed("accept", call, by=actor.user_id, sdp=sdp), call.id, party_ids)
    elsewhere = events.call_end(call, "answered_elsewhere", by=actor.user_id)
    tell(elsewhere, call.id, [actor.user_id], but=actor.session_id)


def ringing(call: Call, by: int, *, loud: Sequence[int], silent: Sequence[int], sdp: str | None = None) -> None:
    """It begins to ring for these, and is looked at when it has rung long enough."""
    tell(events.call_ring(call, by=by, sdp=sdp), call.id, loud)
    tell(events.call_ring(call, by=by, sdp=sdp, silent=True), call.id, silent)
    if loud or silent:
        tend_call_later(settings().call_ring_seconds + _SPARE_SECONDS, call.id)


def left_room(call: Call) -> None:
    """Has a room tidied that somebody has left."""
    tend_call_later(0, call.id)


def ended(call: Call, message: str, *, by: int | None, party_ids: Sequence[int], member_ids: Sequence[int]) -> None:
    """A call is over, and a message of the chat tells it."""
    reason = msgspec.convert(call.status, CallEndReason)
    tell(events.call_end(call, reason, by=by), call.id, party_ids)
    stored = msgspec.json.decode(message, type=Message)
    publish(events.message_new(stored, unattended=True), to=member_ids, group=f"chat:{call.chat_id}")
