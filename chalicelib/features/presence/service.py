"""Presence: who has a live connection, told to those who know them. Leases decide, never `$disconnect` alone."""

import msgspec

from chalicelib.core import db
from chalicelib.realtime import connections, events
from chalicelib.realtime.publish import presence_may_have_changed, publish
from chalicelib.realtime.shapes import Presence

# How many lapsed leases one run of the sweep takes from a shard.
_SWEEP = 500


class _Change(msgspec.Struct, frozen=True):
    status: Presence
    last_seen_at: str | None
    audience: list[int]


# Answers a row only where the status changed. Those who hear of it have the user as a contact or share a private
# chat, and neither has blocked the other.
_SETTLE = """
WITH changed AS (
    UPDATE users u SET
        status = CASE WHEN %(online)s THEN 'online' ELSE 'offline' END,
        last_seen_at = now()
    WHERE u.id = %(user_id)s AND (u.status = 'offline') = %(online)s
    RETURNING u.id, u.status, u.last_seen_at
)
SELECT c.status, wire_time(c.last_seen_at) AS last_seen_at, array(
    SELECT knows.id FROM (
        SELECT owner_id AS id FROM contacts WHERE user_id = c.id
        UNION
        SELECT peer.user_id FROM members me
        JOIN chats ON chats.id = me.chat_id AND chats.type = 'private'
        JOIN members peer ON peer.chat_id = me.chat_id AND peer.user_id <> me.user_id
        WHERE me.user_id = c.id
    ) knows
    WHERE NOT is_blocked(knows.id, c.id)
) AS audience
FROM changed c
"""


def settle(user_id: int) -> None:
    """Compares a user's live connections with the status that was last told, and tells a difference."""
    online = user_id in connections.online([user_id])
    change = db.one(_Change, _SETTLE, {"user_id": user_id, "online": online})
    if change is not None:
        event = events.user_status(user_id=user_id, status=change.status, last_seen_at=change.last_seen_at)
        publish(event, to=change.audience, group=f"user:{user_id}")


def sweep() -> int:
    """Has the presence of users looked at whose lease ran out without a `$disconnect`; answers how many."""
    lapsed = connections.lapsed(_SWEEP)
    for user_id in lapsed:
        presence_may_have_changed(user_id)
    return len(lapsed)
