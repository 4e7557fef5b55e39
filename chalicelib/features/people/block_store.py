"""Blocks in PostgreSQL, and what they close and open between two users."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.realtime.people import Block, User


class _Block(msgspec.Struct, frozen=True):
    user_id: int
    created_at: str
    profile: str


class _Blocked(_Block, frozen=True):
    shown: bool
    saw: bool
    closed_chat_id: int | None
    version: str


class Blocking(msgspec.Struct, frozen=True, kw_only=True):
    """A block, and whether until now the one `shown` heard when the actor was there, and the actor `saw` them.

    In the closed chat they could write to each other until now.
    """

    block: Block
    shown: bool
    saw: bool
    closed_chat_id: int | None
    version: str


class Unblocking(msgspec.Struct, frozen=True, kw_only=True):
    """Whether now the other one hears of the actor again, and the actor of the other one.

    In the opened chat they can write to each other again.
    """

    shown: bool
    sees: bool
    opened_chat_id: int | None
    version: str


_BLOCKS: LiteralString = """
SELECT blocked_id AS user_id, wire_time(blocks.created_at) AS created_at, user_json(u, blocker_id)::text AS profile
FROM blocks JOIN users u ON u.id = blocked_id
WHERE blocker_id = %(blocker)s AND blocked_id > %(after)s
ORDER BY blocked_id
LIMIT %(limit)s
"""


def blocks(actor: Actor, *, after: int, limit: int) -> list[Block]:
    """Whom the actor has blocked, by user id."""
    rows = db.many(_Block, _BLOCKS, {"blocker": actor.user_id, "after": after, "limit": limit}, actor=actor)
    return [_block(row) for row in rows]


# The update that changes nothing is there to have the old row returned. The profile is as it is seen afterwards.
_BLOCK: LiteralString = """
WITH target AS (
    SELECT u.id, (
            user_json(u, me.id) || jsonb_build_object('status', 'offline', 'statusText', '', 'lastSeenAt', NULL)
        )::text AS profile,
        u.id = ANY (presence_audience(me.id, me.shows_last_seen)) AS shown,
        me.id = ANY (presence_audience(u.id, u.shows_last_seen)) AS saw,
        CASE WHEN NOT is_blocked(me.id, u.id) THEN private_chat_of(me.id, u.id) END AS closed_chat_id
    FROM users u, users me WHERE u.id = %(user_id)s AND me.id = %(blocker)s
), blocked AS (
    INSERT INTO blocks AS kept (blocker_id, blocked_id) SELECT %(blocker)s, id FROM target
    ON CONFLICT (blocker_id, blocked_id) DO UPDATE SET created_at = kept.created_at
    RETURNING created_at
)
SELECT id AS user_id, wire_time(created_at) AS created_at, profile, shown, saw, closed_chat_id,
    pg_current_xact_id_if_assigned()::text AS version
FROM target CROSS JOIN blocked
"""


def block(actor: Actor, user_id: int) -> Blocking | None:
    """Blocks somebody; None where there is no such user. Raises NotYourself."""
    row = db.one(_Blocked, _BLOCK, {"blocker": actor.user_id, "user_id": user_id}, actor=actor)
    if row is None:
        return None
    return Blocking(
        block=_block(row),
        shown=row.shown,
        saw=row.saw,
        closed_chat_id=row.closed_chat_id,
        version=row.version,
    )


# Who hears of whom: by a private chat both of the other, by a contact its owner of the contact. Nobody, where the
# other one has blocked as well.
_UNBLOCK: LiteralString = """
WITH unblocked AS (
    DELETE FROM blocks WHERE blocker_id = %(blocker)s AND blocked_id = %(user_id)s RETURNING blocker_id, blocked_id
), known AS (
    SELECT u.blocker_id AS me, u.blocked_id AS other, private_chat_of(u.blocker_id, u.blocked_id) AS opened_chat_id
    FROM unblocked u
    WHERE NOT EXISTS (SELECT FROM blocks b WHERE b.blocker_id = u.blocked_id AND b.blocked_id = u.blocker_id)
)
SELECT
    coalesce(
        opened_chat_id IS NOT NULL
            OR EXISTS (SELECT FROM contacts c WHERE c.owner_id = other AND c.user_id = me), false
    ) AS shown,
    coalesce(
        opened_chat_id IS NOT NULL
            OR EXISTS (SELECT FROM contacts c WHERE c.owner_id = me AND c.user_id = other), false
    ) AS sees,
    opened_chat_id, pg_current_xact_id_if_assigned()::text AS version
FROM unblocked LEFT JOIN known ON true
"""


def unblock(actor: Actor, user_id: int) -> Unblocking | None:
    """Takes a block back; None where there was none."""
    return db.one(Unblocking, _UNBLOCK, {"blocker": actor.user_id, "user_id": user_id}, actor=actor)


def _block(row: _Block) -> Block:
    return Block(user_id=row.user_id, created_at=row.created_at, user=msgspec.json.decode(row.profile, type=User))
