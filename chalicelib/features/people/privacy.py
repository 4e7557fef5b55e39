"""Privacy: who may see when one is there, whether others may see what one has read, who may call and write first."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.features.people.schemas import PrivacyChange
from chalicelib.features.people.telling import tell_own
from chalicelib.realtime import events
from chalicelib.realtime.people import CallRule, LastSeenRule, MessageRule, Privacy
from chalicelib.realtime.publish import publish, tell_status_anew


class _Changed(msgspec.Struct, frozen=True):
    read_receipts: bool
    last_seen: LastSeenRule
    calls: CallRule
    messages: MessageRule
    status_text: str
    is_news: bool
    version: str
    saw: list[int]
    sees: list[int]


_PRIVACY = """
SELECT read_receipts, shows_last_seen AS last_seen, calls_from AS calls, messages_from AS messages
FROM users WHERE id = %(user_id)s
"""

# `saw` and `sees` are those who could and can hear when the user is there, where the rule has changed.
_CHANGE = """
WITH before AS MATERIALIZED (
    SELECT * FROM users WHERE id = %(user_id)s FOR NO KEY UPDATE
),
changed AS (
    UPDATE users u SET
        read_receipts = coalesce(%(read_receipts)s::boolean, u.read_receipts),
        shows_last_seen = coalesce(%(last_seen)s::text, u.shows_last_seen),
        calls_from = coalesce(%(calls)s::text, u.calls_from),
        messages_from = coalesce(%(messages)s::text, u.messages_from)
    FROM before b WHERE u.id = b.id
    RETURNING u.read_receipts, u.shows_last_seen, u.calls_from, u.messages_from
)
SELECT c.read_receipts, c.shows_last_seen AS last_seen, c.calls_from AS calls,
    c.messages_from AS messages, b.status_text,
    (c.read_receipts, c.shows_last_seen, c.calls_from, c.messages_from)
        <> (b.read_receipts, b.shows_last_seen, b.calls_from, b.messages_from) AS is_news,
    pg_current_xact_id_if_assigned()::text AS version,
    CASE WHEN moved THEN presence_audience(b.id, b.shows_last_seen) ELSE '{}' END AS saw,
    CASE WHEN moved THEN presence_audience(b.id, c.shows_last_seen) ELSE '{}' END AS sees
FROM before b, changed c, LATERAL (SELECT b.shows_last_seen <> c.shows_last_seen AS moved) m
"""


def privacy(actor: Actor) -> Privacy:
    """What the actor has chosen."""
    return db.the(Privacy, _PRIVACY, {"user_id": actor.user_id}, actor=actor)


def change_privacy(actor: Actor, asked: PrivacyChange) -> Privacy:
    """Changes what is given. To those who may no longer see when the actor is there, the actor leaves."""
    given = {name: None if value is msgspec.UNSET else value for name, value in msgspec.structs.asdict(asked).items()}
    row = db.the(_Changed, _CHANGE, {"user_id": actor.user_id, **given}, actor=actor)
    group = f"user:{actor.user_id}"
    left = events.user_status(user_id=actor.user_id, status="offline", status_text=row.status_text, last_seen_at=None)
    publish(left, to=[user_id for user_id in row.saw if user_id not in set(row.sees)], group=group)
    newcomers = [user_id for user_id in row.sees if user_id not in set(row.saw)]
    if newcomers:
        tell_status_anew(actor.user_id, newcomers)
    chosen = Privacy(read_receipts=row.read_receipts, last_seen=row.last_seen, calls=row.calls, messages=row.messages)
    if row.is_news:
        tell_own(actor.user_id, events.privacy_updated(chosen, version=row.version))
    return chosen
