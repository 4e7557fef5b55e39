"""Rooms: calls of more than four, in a meeting of the Amazon Chime SDK that carries the sound and pictures.

The call's row says who is in. Chime is asked for a meeting when the first device enters, and for an attendee for
each device, which is what lets it in. `tidy` takes from Chime what the row no longer has: it is run when somebody has
left, and by the minutely sweep where that was lost.
"""

import hashlib
import time
from typing import Any, TypeVar

import msgspec

from chalicelib.core import aws
from chalicelib.core.aws import AwsError
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotInCall, RoomFailed, RoomsOff
from chalicelib.core.logs import logger
from chalicelib.core.ratelimit import Policy, refuse_unless_allowed
from chalicelib.core.verdicts import REFUSALS
from chalicelib.features.calls import room_store
from chalicelib.features.calls.room_schemas import CallRoom, ChimeAttendee, ChimeMeeting

# Both calls of Chime that one enters by fit into the time that API Gateway gives a request.
_SECONDS = 8.0
# What one sweep takes upon itself; the next one, a minute later, goes on.
_BATCH = 100
_SWEEP_SECONDS = 15
_GONE = "NotFoundException"

_Kind = TypeVar("_Kind", bound=msgspec.Struct)


def check_on() -> None:
    """Raises RoomsOff where this deployment has no rooms."""
    if not settings().chime_region:
        raise RoomsOff()


def enter(actor: Actor, call_id: int | None) -> CallRoom:
    """What the actor's device enters the room of its call by; again answers the same.

    Raises NotFound, CallIsOver, NotInCall, NotARoom, Blocked, RateLimited, RoomsOff and RoomFailed, and AwsError
    where Chime has too much to do or does not answer.
    """
    limit = Policy(name="call-changes", quota=settings().call_changes)
    found = room_store.entering(actor, call_id, limit=limit)
    if found.verdict in REFUSALS:
        raise REFUSALS[found.verdict]()
    check_on()
    refuse_unless_allowed(limit, found)
    if found.call_id is None:
        raise LookupError("an allowed entrance answered no call")
    meeting = _read_meeting(found.meeting) or _open(found.call_id, found.begun)
    if found.attendee is not None:
        return CallRoom(meeting=meeting, attendee=msgspec.json.decode(found.attendee, type=ChimeAttendee))
    try:
        attendee = _admit(actor, meeting)
    except AwsError as error:
        if error.code != _GONE:
            raise _named(error) from error
        # Chime ends a meeting in which nobody is. The call goes on in another one.
        room_store.forget(meeting.meeting_id)
        meeting = _open(found.call_id, meeting.meeting_id)
        attendee = _admit(actor, meeting)
    if not room_store.keep_attendee(actor, meeting.meeting_id, attendee):
        raise NotInCall()
    return CallRoom(meeting=meeting, attendee=attendee)


def tidy(call_id: int | None = None) -> int:
    """Deletes meetings of calls that are over, and puts out who has left: of a call, or of all. Answers how many."""
    if not settings().chime_region:
        return 0
    done, until = 0, time.monotonic() + _SWEEP_SECONDS
    for left in room_store.left(call_id, limit=_BATCH):
        if time.monotonic() > until:
            break
        path = f"/meetings/{left.meeting_id}"
        if left.attendee_id is not None:
            path += f"/attendees/{left.attendee_id}"
        try:
            aws.chime("DELETE", path, within=_SECONDS)
        except AwsError as error:  # the next sweep tries it again, unless Chime knows it no more
            if error.code != _GONE:
                logger().warning("room not tidied", extra={"meeting_id": left.meeting_id, "error": error.code})
                continue
        if left.attendee_id is None:
            room_store.forget(left.meeting_id)
        else:
            room_store.forget_attendee(left.attendee_id)
        done += 1
    return done


def _open(call_id: int, since: str) -> ChimeMeeting:
    """The meeting of a call: one, whoever asks at the same time, since the same token makes the same meeting."""
    named = f"{settings().live_table}:{call_id}:{since}"
    asked = {
        "ClientRequestToken": hashlib.sha256(named.encode()).hexdigest(),
        "MediaRegion": settings().chime_region,
        "ExternalMeetingId": f"call-{call_id}",
    }
    try:
        answered = aws.chime("POST", "/meetings", asked, within=_SECONDS)
    except AwsError as error:
        raise _named(error) from error
    meeting = _converted(answered, "Meeting", ChimeMeeting)
    room_store.keep(call_id, meeting)
    return meeting


def _admit(actor: Actor, meeting: ChimeMeeting) -> ChimeAttendee:
    path = f"/meetings/{meeting.meeting_id}/attendees"
    answered = aws.chime("POST", path, {"ExternalUserId": f"user-{actor.user_id}"}, within=_SECONDS)
    return _converted(answered, "Attendee", ChimeAttendee)


def _named(error: AwsError) -> Exception:
    """What a client is told: to try again where that may help, else that the deployment is not as it should be."""
    if error.retryable:
        return error
    logger().error("room refused", extra={"error": error.code})
    return RoomFailed()


def _read_meeting(text: str | None) -> ChimeMeeting | None:
    return None if text is None else msgspec.json.decode(text, type=ChimeMeeting)


def _converted(answered: dict[str, Any], name: str, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.convert(answered[name], kind)
    except (KeyError, msgspec.ValidationError) as error:
        raise RoomFailed() from error
