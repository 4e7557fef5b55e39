"""Meetings of rooms in PostgreSQL, and what lets devices into them."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.features.calls import store
from chalicelib.features.calls.room_schemas import ChimeAttendee, ChimeMeeting


class Entering(Allowance, frozen=True, kw_only=True):
    """Whether a device may enter the room of its call, and what there is of it. `begun` is when it began."""

    verdict: str
    call_id: int | None
    begun: str
    meeting: str | None
    attendee: str | None


class Left(msgspec.Struct, frozen=True):
    """A meeting whose call is over, or an attendee of one who has left."""

    meeting_id: str
    attendee_id: str | None


class _Kept(msgspec.Struct, frozen=True):
    attendee_id: str


_ENTERING: LiteralString = """
WITH mine AS MATERIALIZED (
    SELECT c.id AS call_id, c.started_at::text AS begun, CASE
        WHEN c.ended_at IS NOT NULL THEN 'call_ended'
        WHEN c.size <= %(most)s THEN 'not_room'
        WHEN p.state <> 'joined' OR p.session_id <> %(session_id)s THEN 'not_in_call'
        WHEN NOT EXISTS (SELECT FROM members m WHERE m.chat_id = c.chat_id AND m.user_id = p.user_id) THEN 'not_found'
        WHEN is_blocked(c.caller_id, p.user_id) THEN 'blocked'
        ELSE 'allowed'
    END AS verdict
    FROM call_parties p JOIN calls c ON c.id = p.call_id
    WHERE p.user_id = %(user_id)s AND p.call_id = coalesce(%(call_id)s::bigint, call_of(%(user_id)s))
),
allowance AS MATERIALIZED (
    SELECT a.* FROM mine m, take_allowance(%(subject)s, %(burst)s, interval '1 minute') a WHERE m.verdict = 'allowed'
)
SELECT coalesce(m.verdict, 'not_found') AS verdict, m.call_id, coalesce(m.begun, '') AS begun,
    coalesce(a.allowed, true) AS allowed, a.remaining, coalesce(a.retry_after, 0) AS retry_after,
    r.meeting::text AS meeting, t.attendee::text AS attendee
FROM (SELECT) always LEFT JOIN mine m ON true LEFT JOIN allowance a ON true
LEFT JOIN call_meetings r ON r.call_id = m.call_id
LEFT JOIN call_attendees t
    ON t.meeting_id = r.meeting_id AND t.user_id = %(user_id)s AND t.session_id = %(session_id)s
"""

# Chime answers one meeting to all who ask at once.
_KEEP: LiteralString = """
INSERT INTO call_meetings (meeting_id, call_id, meeting)
SELECT %(meeting_id)s, (SELECT c.id FROM calls c WHERE c.id = %(call_id)s), %(meeting)s::jsonb
ON CONFLICT DO NOTHING
"""

# Whoever left meanwhile is not let in.
_KEEP_ATTENDEE: LiteralString = """
INSERT INTO call_attendees AS t (attendee_id, meeting_id, user_id, session_id, attendee)
SELECT %(attendee_id)s, r.meeting_id, p.user_id, p.session_id, %(attendee)s::jsonb
FROM call_meetings r JOIN call_parties p ON p.call_id = r.call_id
WHERE r.meeting_id = %(meeting_id)s AND p.user_id = %(user_id)s AND p.session_id = %(session_id)s
    AND p.state = 'joined'
ON CONFLICT (meeting_id, user_id, session_id) DO UPDATE
    SET attendee_id = excluded.attendee_id, attendee = excluded.attendee
RETURNING attendee_id
"""

# There are rows of rooms alone that are open, or were until just now.
_LEFT: LiteralString = """
SELECT r.meeting_id, NULL AS attendee_id FROM call_meetings r LEFT JOIN calls c ON c.id = r.call_id
WHERE (%(call_id)s::bigint IS NULL OR r.call_id = %(call_id)s) AND (c.id IS NULL OR c.ended_at IS NOT NULL)
UNION ALL
SELECT t.meeting_id, t.attendee_id
FROM call_meetings r JOIN calls c ON c.id = r.call_id AND c.ended_at IS NULL
JOIN call_attendees t ON t.meeting_id = r.meeting_id
LEFT JOIN call_parties p ON p.call_id = c.id AND p.user_id = t.user_id
WHERE (%(call_id)s::bigint IS NULL OR r.call_id = %(call_id)s)
    AND (p.state IS DISTINCT FROM 'joined' OR p.session_id IS DISTINCT FROM t.session_id)
LIMIT %(limit)s
"""

_FORGET: LiteralString = "DELETE FROM call_meetings WHERE meeting_id = %(meeting_id)s"
_FORGET_ATTENDEE: LiteralString = "DELETE FROM call_attendees WHERE attendee_id = %(attendee_id)s"


def entering(actor: Actor, call_id: int | None, *, limit: Policy) -> Entering:
    """Whether the actor's device may enter, which takes from the allowance."""
    return db.the(Entering, _ENTERING, store.by_device(actor, call_id, limit), actor=actor)


def keep(call_id: int, meeting: ChimeMeeting) -> None:
    """Notes the meeting of a call. Of a call that is gone meanwhile it is noted too, so that it is deleted."""
    text = msgspec.json.encode(meeting).decode()
    db.execute(_KEEP, {"meeting_id": meeting.meeting_id, "call_id": call_id, "meeting": text})


def keep_attendee(actor: Actor, meeting_id: str, attendee: ChimeAttendee) -> bool:
    """Notes what lets the actor's device in; False where it has left meanwhile."""
    values = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "meeting_id": meeting_id,
        "attendee_id": attendee.attendee_id,
        "attendee": msgspec.json.encode(attendee).decode(),
    }
    return db.one(_Kept, _KEEP_ATTENDEE, values, actor=actor) is not None


def left(call_id: int | None, *, limit: int) -> list[Left]:
    """What Chime still has of a call that is over, or of who has left one; of all calls where none is named."""
    return db.many(Left, _LEFT, {"call_id": call_id, "limit": limit})


def forget(meeting_id: str) -> None:
    """Chime no longer has a meeting."""
    db.execute(_FORGET, {"meeting_id": meeting_id})


def forget_attendee(attendee_id: str) -> None:
    """Chime no longer has an attendee."""
    db.execute(_FORGET_ATTENDEE, {"attendee_id": attendee_id})
