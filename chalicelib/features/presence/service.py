"""Presence: who is there and wants to be seen, told to those who know them.

Leases decide who is there, never `$disconnect` alone. Changes are told after a debounce, and no more often than that.
"""

from datetime import datetime

import msgspec
from msgspec import UnsetType

from chalicelib.core.context import Actor
from chalicelib.features.people.telling import ProfileNews, tell_profile
from chalicelib.features.presence import store
from chalicelib.features.presence.schemas import ChosenStatus, PresenceList, StatusInput
from chalicelib.features.presence.store import Settled
from chalicelib.realtime import events, leases, shedding
from chalicelib.realtime.event_data import UserUpdated
from chalicelib.realtime.publish import LONGEST_DELAY, presence_may_have_changed, publish, tell_status_later
from chalicelib.realtime.shapes import Presence

# How many lapsed leases one run of the sweep takes from a shard.
_SWEEP = 500


def settle(user_id: int) -> int | None:
    """Compares a user's live connections with what others were last told, and tells a difference.

    Answers the call that the user is in, or that rings for them.
    """
    seen = leases.standing(user_id)
    while True:
        settled = store.settle(user_id, online=seen.is_there)
        if settled is None:
            return None
        _tell(user_id, settled)
        before = seen
        if settled.came_or_went:
            # Somebody who looked at the same time may have seen another moment, and may have written first.
            seen = leases.standing(user_id)
        if seen.is_there == before.is_there:
            break
    if not seen.is_there and seen.lease is not None:
        leases.leave_index(seen.lease)  # the sweep has nothing to do here
    return settled.call_id


def tell_again(user_id: int, hearers: list[int], *, since: datetime, waited: int) -> None:
    """Tells these what they may see of a user now, after what they were to hear was shed.

    While the load lasts it is put off, each time for twice as long. What was told after that replaces it. Where a
    device has come that was not noticed yet, the look that is due tells all who may hear.
    """
    views = store.views(user_id, hearers, since)
    if shedding.sheds("user:status"):
        viewers = [viewer for view in views for viewer in view.viewers]
        if viewers:
            tell_status_later(user_id, viewers, since=since, seconds=min(2 * waited, LONGEST_DELAY))
        return
    if not all(view.noticed for view in views) and leases.standing(user_id).is_there:
        return
    for view in views:
        event = events.user_status(
            user_id=user_id, status=view.status, status_text=view.status_text, last_seen_at=view.last_seen_at
        )
        publish(event, to=view.viewers, group=f"user:{user_id}")


def choose(actor: Actor, asked: StatusInput) -> ChosenStatus:
    """Sets what the actor is seen as while they are there; others hear of it at once, unless they just heard."""
    status = "invisible" if asked.status == "offline" else asked.status
    text = None if isinstance(asked.status_text, UnsetType) else asked.status_text
    settled = store.choose(actor, status, text)
    _tell(actor.user_id, settled)
    if settled.profile is not None:
        own = msgspec.json.decode(settled.profile, type=UserUpdated)
        hearers, apart = settled.hearers or (), settled.apart or ()
        tell_profile(ProfileNews(own=own, hearers=hearers, apart=apart, version=settled.version))
    if settled.chose:
        _publish(actor.user_id, settled, settled.status, to=[actor.user_id])
    return ChosenStatus(status=settled.status, status_text=settled.status_text)


def chosen(actor: Actor) -> ChosenStatus:
    """What the actor is seen as while they are there."""
    return store.chosen(actor)


def presences(actor: Actor, user_ids: list[int]) -> PresenceList:
    """Whether these users are there: contacts and members of common chats, as far as they let the actor see it."""
    return PresenceList(presences=store.presences(actor, user_ids))


def sweep() -> int:
    """Has the presence of users looked at whose lease ran out without a `$disconnect`; answers how many."""
    lapsed = leases.lapsed(_SWEEP)
    for lease in lapsed:
        if presence_may_have_changed(lease.user_id):  # else the next sweep finds it again
            leases.leave_index(lease)
    return len(lapsed)


def _tell(user_id: int, settled: Settled) -> None:
    _publish(user_id, settled, settled.shown, to=settled.audience)
    if settled.put_off:
        presence_may_have_changed(user_id)


def _publish(user_id: int, settled: Settled, status: Presence, *, to: list[int]) -> None:
    event = events.user_status(
        user_id=user_id, status=status, status_text=settled.status_text, last_seen_at=settled.last_seen_at
    )
    publish(event, to=to, group=f"user:{user_id}")
