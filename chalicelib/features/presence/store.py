"""Presence in PostgreSQL: what a user chose, whether a device was there, and what others were last told of both."""

from datetime import datetime
from typing import Any

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.features.presence.schemas import Choice, ChosenStatus
from chalicelib.realtime.event_data import UserPresence
from chalicelib.realtime.shapes import Presence


class Settled(msgspec.Struct, frozen=True):
    """Where a user stands now, and what is to be told of it.

    `audience` hears what is shown to others, now; `put_off` says that it must be told later; `came_or_went` and
    `chose` say what of it is new. Where the text is, `profile` is what the user's own devices are told, and `hearers`
    and `apart` are those who hear of it too. The user is in the call `call_id`, or it rings for them.
    """

    status: Choice
    status_text: str
    shown: Presence
    last_seen_at: str | None
    came_or_went: bool
    chose: bool
    put_off: bool
    audience: list[int]
    profile: str | None
    hearers: list[int] | None
    apart: list[int] | None
    version: str | None
    call_id: int | None


class View(msgspec.Struct, frozen=True):
    """A user's presence as these viewers see it, and whether a device of the user has been noticed."""

    noticed: bool
    status: Presence
    status_text: str
    last_seen_at: str | None
    viewers: list[int]


class _Presences(msgspec.Struct, frozen=True):
    presences: str


# Values that are NULL stay as they are. What others see is told where it differs from what they were told last. It is
# put off, once, until it is looked at again: where they were told a moment ago; and where `online` is not given and
# the row says that nobody is there, since a device that has just come is noticed only after the debounce. The coming
# and going of somebody invisible leaves no trace that others could see.
_SETTLE = """
WITH before AS MATERIALIZED (
    SELECT * FROM users WHERE id = %(user_id)s FOR NO KEY UPDATE
),
wanted AS MATERIALIZED (
    SELECT b.id, w.*, now_shown AS shown,
        w.is_online <> b.is_online AS came_or_went,
        (w.status, w.status_text) <> (b.status, b.status_text) AS chose,
        (now_shown = 'offline') <> (shown_status(b.is_online, b.status) = 'offline') AS was_seen,
        (now_shown, w.status_text) <> (b.told_status, b.told_text) AS is_news,
        b.told_at + make_interval(secs => %(quiet)s) <= now() AND (%(online)s::boolean IS NOT NULL OR b.is_online)
            AS may_tell,
        b.put_off_at + make_interval(secs => %(quiet)s) <= now() AS may_put_off
    FROM before b, LATERAL (
        SELECT coalesce(%(online)s::boolean, b.is_online) AS is_online,
            coalesce(%(status)s::text, b.status) AS status,
            coalesce(%(status_text)s::text, b.status_text) AS status_text
    ) w, shown_status(w.is_online, w.status) now_shown
),
decided AS MATERIALIZED (
    SELECT w.*, w.is_news AND w.may_tell AS tell, w.is_news AND NOT w.may_tell AND w.may_put_off AS put_off
    FROM wanted w
),
settled AS (
    UPDATE users u SET
        is_online = d.is_online, status = d.status, status_text = d.status_text,
        last_seen_at = CASE WHEN d.was_seen THEN now() ELSE u.last_seen_at END,
        told_status = CASE WHEN d.tell THEN d.shown ELSE u.told_status END,
        told_text = CASE WHEN d.tell THEN d.status_text ELSE u.told_text END,
        told_at = CASE WHEN d.tell THEN now() ELSE u.told_at END,
        put_off_at = CASE WHEN d.tell THEN '-infinity' WHEN d.put_off THEN now() ELSE u.put_off_at END
    FROM decided d
    WHERE u.id = d.id AND (d.came_or_went OR d.chose OR d.tell OR d.put_off)
    RETURNING u.last_seen_at
)
SELECT d.status, d.status_text, d.shown, d.came_or_went, d.chose, d.put_off,
    wire_time(coalesce(s.last_seen_at, b.last_seen_at)) AS last_seen_at,
    CASE WHEN d.tell THEN presence_audience(d.id, b.shows_last_seen) ELSE '{}' END AS audience,
    CASE WHEN d.status_text <> b.status_text THEN (
        SELECT (profile_of(u, u.id) || jsonb_build_object('statusText', d.status_text))::text
        FROM users u WHERE u.id = d.id
    ) END AS profile, told.hearers, told.apart, pg_current_xact_id_if_assigned()::text AS version,
    call_of(d.id) AS call_id
FROM decided d JOIN before b ON true LEFT JOIN settled s ON true
LEFT JOIN LATERAL profile_audience(d.id) told ON d.status_text <> b.status_text
"""


def settle(user_id: int, *, online: bool) -> Settled | None:
    """Notes whether a device of a user is there; None where there is no such user."""
    return db.one(Settled, _SETTLE, _values(user_id, online=online))


def choose(actor: Actor, status: Choice, status_text: str | None) -> Settled:
    """Notes what the actor wants to be seen as; a text that is None stays."""
    return db.the(Settled, _SETTLE, _values(actor.user_id, status=status, status_text=status_text), actor=actor)


_CHOSEN = "SELECT status, status_text FROM users WHERE id = %(user_id)s"


def chosen(actor: Actor) -> ChosenStatus:
    """What the actor wants to be seen as."""
    return db.the(ChosenStatus, _CHOSEN, {"user_id": actor.user_id}, actor=actor)


# Contacts and members of common chats; everybody else looks as if they were not there.
_PRESENCES = """
WITH asked AS MATERIALIZED (
    SELECT given.id, min(given.place) AS place
    FROM unnest(%(user_ids)s::bigint[]) WITH ORDINALITY AS given (id, place) GROUP BY given.id
),
known AS MATERIALIZED (
    SELECT user_id AS id FROM contacts WHERE owner_id = %(viewer)s AND user_id = ANY (%(user_ids)s)
    UNION
    SELECT theirs.user_id FROM members theirs JOIN members mine ON mine.chat_id = theirs.chat_id
    WHERE theirs.user_id = ANY (%(user_ids)s) AND mine.user_id = %(viewer)s
    UNION
    SELECT %(viewer)s
)
SELECT json_agg(
    jsonb_build_object('userId', asked.id, 'status', 'offline', 'statusText', '', 'lastSeenAt', NULL)
        || CASE WHEN u.id IS NULL THEN '{}' ELSE presence_json(u, %(viewer)s) END
    ORDER BY asked.place
)::text AS presences
FROM asked LEFT JOIN known ON known.id = asked.id LEFT JOIN users u ON u.id = known.id
"""


def presences(actor: Actor, user_ids: list[int]) -> list[UserPresence]:
    """Whether these users are there, as far as the actor may know."""
    row = db.the(_Presences, _PRESENCES, {"viewer": actor.user_id, "user_ids": user_ids}, actor=actor)
    return msgspec.json.decode(row.presences, type=list[UserPresence])


# Those who see the same are told together. Who hears of the user is left out where all of them were told of something
# later, or will be, since it was shed as well: so what waits stays one a user. Clocks may differ by some seconds.
_VIEWS = """
SELECT u.is_online AS noticed, seen ->> 'status' AS status, seen ->> 'statusText' AS status_text,
    seen ->> 'lastSeenAt' AS last_seen_at, array_agg(viewer) AS viewers
FROM users u, unnest(%(viewers)s::bigint[]) viewer, presence_json(u, viewer) seen
WHERE u.id = %(user_id)s AND NOT (
    u.told_at > %(since)s::timestamptz + interval '5 seconds'
    AND viewer = ANY (presence_audience(u.id, u.shows_last_seen))
)
GROUP BY u.is_online, seen
"""


def views(user_id: int, viewers: list[int], since: datetime) -> list[View]:
    """What each of these may see of a user's presence, but for those who were told since then."""
    return db.many(View, _VIEWS, {"user_id": user_id, "viewers": viewers, "since": since})


def _values(
    user_id: int, *, online: bool | None = None, status: str | None = None, status_text: str | None = None
) -> dict[str, Any]:
    # What was put off is looked at after the debounce; a little less, so that it never comes too early.
    quiet = settings().presence_debounce_seconds - 0.1
    return {"user_id": user_id, "online": online, "status": status, "status_text": status_text, "quiet": quiet}
