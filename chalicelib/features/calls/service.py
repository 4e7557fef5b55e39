"""Calls: who may call whom, and what happens in a call. The truth about one is a row, which every change locks.

What devices say to each other to connect is in signals.py, and what happens when nobody does anything in tending.py.
"""

import msgspec

from chalicelib.core import paging
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import settled_within
from chalicelib.features.calls import rooms, store, telling
from chalicelib.features.calls.schemas import (
    CallAccept,
    CallEnd,
    CallList,
    CallQuery,
    CallRing,
    CallStart,
    CallStates,
)
from chalicelib.features.calls.store import Deed, Outcome
from chalicelib.features.chats.create import create
from chalicelib.features.chats.schemas import ChatInput
from chalicelib.realtime import events
from chalicelib.realtime.shapes import Call, bare, for_oneself, people_of


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it stands now, whether it began just now, and what is left of the allowance."""

    call: Call
    created: bool
    allowance: Allowance


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After which call a list goes on."""

    id: Id


def starts() -> Policy:
    """How many calls a user may start."""
    return Policy(name="calls", quota=settings().calls)


def changes() -> Policy:
    """How often a user may do something in calls."""
    return Policy(name="call-changes", quota=settings().call_changes)


def start(actor: Actor, wanted: CallStart) -> Changed:
    """Calls the other members of a chat, or joins the call that there is.

    Raises NotFound, Forbidden, Blocked, CallRefused, CallFull, CallIsARoom, UnknownUser, NotYourself, AlreadyInCall,
    AnsweredElsewhere, RoomsOff, RateLimited and InvalidInput.
    """
    if wanted.room:
        rooms.check_on()
    limit, chat_id = starts(), _chat(actor, wanted)
    outcome = settled_within(limit, lambda burst: store.start(actor, chat_id, wanted, limit=limit, burst=burst))
    call = _read(outcome.call)
    party_ids = outcome.party_ids or []
    if outcome.verdict == "joined":
        telling.accepted(actor, call, party_ids, wanted.sdp)
    elif outcome.verdict == "allowed":
        begun = events.call_changed("start", call, by=actor.user_id)
        telling.tell(begun, call.id, [actor.user_id], but=actor.session_id)
        loud, silent = outcome.ring_ids or [], outcome.silent_ids or []
        telling.ringing(call, actor.user_id, loud=loud, silent=silent, sdp=wanted.sdp)
        _tell_end(actor, call, outcome, [actor.user_id])
    return _changed(actor, call, outcome)


def accept(actor: Actor, call_id: int | None, asked: CallAccept) -> Changed:
    """Answers a call by this device, or comes back to it; again is as once."""
    call, outcome = _change(actor, call_id, "accept")
    if outcome.verdict == "allowed":
        telling.accepted(actor, call, outcome.party_ids or [], asked.sdp)
    return _changed(actor, call, outcome)


def decline(actor: Actor, call_id: int | None) -> Changed:
    """Answers a call with no; again is as once."""
    call, outcome = _change(actor, call_id, "decline")
    if outcome.verdict == "allowed":
        event = events.call_changed("decline", call, by=actor.user_id)
        telling.tell(event, call.id, outcome.party_ids or [])
        _tell_end(actor, call, outcome, outcome.party_ids or [])
    return _changed(actor, call, outcome)


def end(actor: Actor, call_id: int | None, asked: CallEnd) -> Changed:
    """Leaves a call, which ends where fewer than two are left; again is as once."""
    call, outcome = _change(actor, call_id, "end", reason=asked.reason)
    if outcome.verdict == "allowed" and outcome.message is None:
        telling.tell(events.call_changed("state", call, by=actor.user_id), call.id, outcome.party_ids or [])
    _tell_end(actor, call, outcome, outcome.party_ids or [])
    if call.is_room:
        telling.left_room(call)
    return _changed(actor, call, outcome)


def ring(actor: Actor, call_id: int | None, asked: CallRing) -> Changed:
    """Says that this device rings; or calls others into the call, from a device that is in it."""
    user_ids = None if asked.user_ids is None else list(dict.fromkeys(asked.user_ids))
    call, outcome = _change(actor, call_id, "ring", user_ids=user_ids)
    party_ids = outcome.party_ids or []
    if outcome.verdict == "allowed" and user_ids is None:
        joined = [one.user_id for one in call.participants if one.state == "joined"]
        telling.tell(events.call_ring(call, by=actor.user_id), call.id, joined)
    elif outcome.verdict == "allowed":
        loud, silent = outcome.ring_ids or [], outcome.silent_ids or []
        telling.ringing(call, actor.user_id, loud=loud, silent=silent)
        others = [user_id for user_id in party_ids if user_id not in {*loud, *silent}]
        telling.tell(events.call_changed("state", call, by=actor.user_id), call.id, others)
    return _changed(actor, call, outcome)


def change_states(actor: Actor, call_id: int | None, asked: CallStates) -> Changed:
    """Tells the others whether one is muted, has the camera on, or shares a screen."""
    fields = ("muted", "camera", "screen")
    given = {name: getattr(asked, name) for name in fields if getattr(asked, name) is not msgspec.UNSET}
    call, outcome = _change(actor, call_id, "state", states=msgspec.json.encode(given).decode())
    telling.tell(events.call_changed("state", call, by=actor.user_id), call.id, outcome.party_ids or [])
    return _changed(actor, call, outcome)


def call(actor: Actor, call_id: int) -> Call:
    """A call of the actor's, or of a chat of theirs. Raises NotFound."""
    found = store.find(actor, call_id)
    if found is None:
        raise NotFound("There is no such call.")
    return for_oneself(_read(found), actor.user_id)


def calls(actor: Actor, query: CallQuery) -> CallList:
    """One page of the actor's calls, those that go on among them."""
    after = paging.read_cursor(query.cursor, _Key)
    rows = store.listed(actor, query, before=after.id if after else MAX_ID)
    rows, has_more = paging.cut(rows, query.limit)
    found = [_read(row.call) for row in rows]
    return CallList(
        calls=[bare(each) for each in found],
        users=people_of(found),
        has_more=has_more,
        next_cursor=paging.write_cursor(rows[-1].id) if has_more else None,
    )


def _chat(actor: Actor, wanted: CallStart) -> int:
    """In which chat one calls: with a user, in the private one, which is made if there is none."""
    if wanted.user_id is not None:
        for field, value in (("chatId", wanted.chat_id), ("userIds", wanted.user_ids)):
            if value is not None:
                raise InvalidInput.at(field, "contradiction", "cannot be given together with {other}", other="userId")
        made, _ = create(actor, ChatInput(type="private", participant_ids=[wanted.user_id]))
        return made.id
    if wanted.chat_id is None:
        raise InvalidInput.at("chatId", "missing", "is required, or userId in its place")
    return wanted.chat_id


def _change(actor: Actor, call_id: int | None, what: Deed, **given: object) -> tuple[Call, Outcome]:
    limit = changes()
    outcome = settled_within(
        limit, lambda burst: store.change(actor, call_id, what, limit=limit, burst=burst, given=given)
    )
    return _read(outcome.call), outcome


def _tell_end(actor: Actor, call: Call, outcome: Outcome, party_ids: list[int]) -> None:
    if outcome.message is not None:
        members = outcome.member_ids or []
        telling.ended(call, outcome.message, by=actor.user_id, party_ids=party_ids, member_ids=members)


def _changed(actor: Actor, call: Call, outcome: Outcome) -> Changed:
    return Changed(call=for_oneself(call, actor.user_id), created=outcome.verdict == "allowed", allowance=outcome)


def _read(call: str | None) -> Call:
    if call is None:
        raise LookupError("a change of a call answered no call")
    return msgspec.json.decode(call, type=Call)
