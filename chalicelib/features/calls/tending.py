"""Calls in which nobody does anything: they ring too long, or a device has lost its socket.

A call is looked at when that is due: by a delayed message of the queue, which survives whoever asked for it, and by
the minutely sweep where even that was lost. And when a device of somebody who is in it connects or disconnects.
"""

import time

import msgspec

from chalicelib.core import context
from chalicelib.core.config import settings
from chalicelib.core.logs import logger
from chalicelib.features.calls import rooms, store, telling
from chalicelib.features.calls.telling import tell
from chalicelib.realtime import connections, events
from chalicelib.realtime.publish import tend_call_later
from chalicelib.realtime.shapes import Call

# What one sweep takes upon itself; the next one, a minute later, goes on.
_BATCH = 300
_SWEEP_SECONDS = 15


def tend(call_id: int | None) -> None:
    """Brings a call up to what time and the sockets of its participants make of it, and tells them."""
    found = None if call_id is None else store.look(call_id)
    if call_id is None or found is None:
        return
    if found.goes_on:
        _tend(call_id, found)
    if found.has_meeting:
        rooms.tidy(call_id)


def _tend(call_id: int, joined: store.Look) -> None:
    alive = {connection.session_id for connection in connections.alive(joined.user_ids)}
    tended = store.tend(call_id, sorted(set(joined.session_ids) - alive))
    if tended is None:
        return
    if tended.lost:
        tend_call_later(settings().call_grace_seconds + 1, call_id)
    if tended.call is None:
        return
    call, party_ids = msgspec.json.decode(tended.call, type=Call), tended.party_ids or []
    if tended.message is not None:
        members = tended.member_ids or []
        telling.ended(call, tended.message, by=None, party_ids=party_ids, member_ids=members)
    else:
        tell(events.call_end(call, "missed", by=None), call_id, tended.missed_ids)
        others = [user_id for user_id in party_ids if user_id not in tended.missed_ids]
        tell(events.call_changed("state", call, by=None), call_id, others)


def sweep() -> int:
    """Looks at the calls that are due; answers how many."""
    until = time.monotonic() + _SWEEP_SECONDS
    tended = 0
    for call_id in store.due(_BATCH):
        if time.monotonic() > until:
            break
        try:
            with context.begin() as current:
                tend(call_id)
                current.committed()
            tended += 1
        except Exception:  # the others are due all the same, and the next minute tries this one again
            logger().exception("call not tended", extra={"call_id": call_id})
    return tended
