"""Chats and members in PostgreSQL.

A change of members takes the chat's row and raises `members_version`, on the condition that it still is what the
statement saw when it began. Where it is not, the statement changes nothing and answers the verdict 'stale'.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor

Verdict = Literal[
    "allowed", "stale", "not_found", "forbidden", "unknown_user", "blocked", "group_full", "not_group", "last_owner"
]


class Change(msgspec.Struct, frozen=True):
    """What became of a change: its verdict, the chat, and whom it added or removed."""

    verdict: Verdict
    chat_id: int | None = None
    changed_ids: list[int] = []


class PrivateChat(msgspec.Struct, frozen=True):
    """The verdict on a private chat, its id where there is one, and whether it was made just now."""

    verdict: Verdict
    chat_id: int | None
    created: bool


class Listed(msgspec.Struct, frozen=True):
    """A chat of a list, in the wire's JSON, and its sort key."""

    chat: str
    chat_id: int
    at: datetime


_PRIVATE = """
WITH existing AS MATERIALIZED (
    SELECT id FROM chats WHERE type = 'private' AND low_user_id = %(low)s AND high_user_id = %(high)s
),
verdict AS (
    SELECT CASE
        WHEN EXISTS (SELECT FROM existing) THEN 'allowed'
        WHEN NOT EXISTS (SELECT FROM users WHERE id = %(peer)s) THEN 'unknown_user'
        WHEN is_blocked(%(low)s, %(high)s) THEN 'blocked'
        ELSE 'allowed'
    END AS verdict
),
made AS (
    INSERT INTO chats (type, created_by, low_user_id, high_user_id)
    SELECT 'private', %(user_id)s, %(low)s, %(high)s FROM verdict
    WHERE verdict = 'allowed' AND NOT EXISTS (SELECT FROM existing)
    ON CONFLICT (low_user_id, high_user_id) WHERE type = 'private' DO NOTHING
    RETURNING id
),
joined AS (
    INSERT INTO members (chat_id, user_id)
    SELECT made.id, pair.user_id FROM made, unnest(ARRAY[%(low)s, %(high)s]::bigint[]) AS pair (user_id)
)
SELECT
    CASE WHEN verdict = 'allowed' AND coalesce(existing.id, made.id) IS NULL THEN 'stale' ELSE verdict END AS verdict,
    coalesce(existing.id, made.id) AS chat_id, made.id IS NOT NULL AS created
FROM verdict LEFT JOIN existing ON true LEFT JOIN made ON true
"""


def private_chat(actor: Actor, peer_id: int) -> PrivateChat:
    """Finds or makes the one chat of two users; 'stale' where both made it at this very moment."""
    low, high = sorted((actor.user_id, peer_id))
    values = {"user_id": actor.user_id, "peer": peer_id, "low": low, "high": high}
    return db.the(PrivateChat, _PRIVATE, values, actor=actor)


_GROUP = """
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT id FROM unnest(%(user_ids)s::bigint[]) AS given (id) WHERE id <> %(user_id)s
),
verdict AS (
    SELECT CASE
        WHEN EXISTS (SELECT FROM wanted w WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = w.id))
            THEN 'unknown_user'
        WHEN EXISTS (SELECT FROM wanted w WHERE is_blocked(w.id, %(user_id)s)) THEN 'blocked'
        WHEN (SELECT count(*) FROM wanted) + 1 > %(group_size)s THEN 'group_full'
        ELSE 'allowed'
    END AS verdict
),
made AS (
    INSERT INTO chats (type, name, description, created_by)
    SELECT 'group', %(name)s, %(description)s, %(user_id)s FROM verdict WHERE verdict = 'allowed'
    RETURNING id
),
joined AS (
    INSERT INTO members (chat_id, user_id, role)
    SELECT made.id, %(user_id)s, 'owner' FROM made
    UNION ALL
    SELECT made.id, wanted.id, 'member' FROM made, wanted
)
SELECT verdict, made.id AS chat_id FROM verdict LEFT JOIN made ON true
"""


def create_group(actor: Actor, *, name: str, description: str, user_ids: list[int]) -> Change:
    """Makes a group that `actor` owns."""
    values = {
        "user_id": actor.user_id,
        "name": name,
        "description": description,
        "user_ids": user_ids,
        "group_size": settings().group_size,
    }
    return db.the(Change, _GROUP, values, actor=actor)


_ADD = """
WITH acting AS MATERIALIZED (
    SELECT c.id, c.type, c.members_version, m.role FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
wanted AS MATERIALIZED (
    SELECT DISTINCT given.id FROM unnest(%(user_ids)s::bigint[]) AS given (id)
    WHERE NOT EXISTS (SELECT FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id = given.id)
),
verdict AS (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) THEN 'not_found'
        WHEN (SELECT type FROM acting) <> 'group' THEN 'not_group'
        WHEN (SELECT role FROM acting) NOT IN ('owner', 'admin') THEN 'forbidden'
        WHEN EXISTS (SELECT FROM wanted w WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = w.id))
            THEN 'unknown_user'
        WHEN EXISTS (SELECT FROM wanted w WHERE is_blocked(w.id, %(user_id)s)) THEN 'blocked'
        WHEN (SELECT count(*) FROM wanted)
            + (SELECT count(*) FROM members m WHERE m.chat_id = %(chat_id)s) > %(group_size)s THEN 'group_full'
        ELSE 'allowed'
    END AS verdict
),
taken AS (
    UPDATE chats c SET members_version = c.members_version + 1, updated_at = now()
    FROM acting a, verdict v
    WHERE c.id = a.id AND c.members_version = a.members_version AND v.verdict = 'allowed'
    RETURNING c.id, c.last_seq
),
joined AS (
    -- What was said before they came is history to new members, not news.
    INSERT INTO members (chat_id, user_id, delivered_seq, read_seq)
    SELECT t.id, w.id, t.last_seq, t.last_seq FROM taken t, wanted w
    RETURNING user_id
)
SELECT
    CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM taken) THEN 'stale' ELSE v.verdict END AS verdict,
    array(SELECT user_id FROM joined) AS changed_ids
FROM verdict v
"""


def add_members(actor: Actor, chat_id: int, user_ids: list[int]) -> Change:
    """Adds users to a group; who is a member already stays as they are."""
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "user_ids": user_ids,
        "group_size": settings().group_size,
    }
    return db.the(Change, _ADD, values, actor=actor)


_REMOVE = """
WITH acting AS MATERIALIZED (
    SELECT c.id, c.type, c.members_version, m.role FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
leaving AS MATERIALIZED (
    SELECT m.user_id, m.role FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id = %(leaver_id)s
),
verdict AS (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) OR NOT EXISTS (SELECT FROM leaving) THEN 'not_found'
        WHEN (SELECT type FROM acting) <> 'group' THEN 'not_group'
        WHEN %(leaver_id)s <> %(user_id)s AND (
            (SELECT role FROM acting) NOT IN ('owner', 'admin')
            OR ((SELECT role FROM acting) = 'admin' AND (SELECT role FROM leaving) <> 'member')
        ) THEN 'forbidden'
        WHEN (SELECT role FROM leaving) = 'owner'
            AND NOT EXISTS (
                SELECT FROM members m
                WHERE m.chat_id = %(chat_id)s AND m.role = 'owner' AND m.user_id <> %(leaver_id)s
            )
            AND EXISTS (SELECT FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id <> %(leaver_id)s)
            THEN 'last_owner'
        ELSE 'allowed'
    END AS verdict
),
taken AS (
    UPDATE chats c SET members_version = c.members_version + 1, updated_at = now()
    FROM acting a, verdict v
    WHERE c.id = a.id AND c.members_version = a.members_version AND v.verdict = 'allowed'
    RETURNING c.id
),
left_it AS (
    DELETE FROM members m USING taken t WHERE m.chat_id = t.id AND m.user_id = %(leaver_id)s
    RETURNING m.user_id, m.chat_id
),
departed AS (
    INSERT INTO departures (user_id, chat_id) SELECT user_id, chat_id FROM left_it
    ON CONFLICT (user_id, chat_id) DO UPDATE SET chat_id = excluded.chat_id
)
SELECT
    CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM taken) THEN 'stale' ELSE v.verdict END AS verdict,
    array(
        SELECT m.user_id FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id <> %(leaver_id)s
    ) AS changed_ids
FROM verdict v
"""


def remove_member(actor: Actor, chat_id: int, leaver_id: int) -> Change:
    """Takes a member out of a group, or leaves it; `changed_ids` are those who remain."""
    values = {"user_id": actor.user_id, "chat_id": chat_id, "leaver_id": leaver_id}
    return db.the(Change, _REMOVE, values, actor=actor)


_CHANGE = """
WITH acting AS MATERIALIZED (
    SELECT c.id, c.type, m.role FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
verdict AS (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) THEN 'not_found'
        WHEN (SELECT type FROM acting) <> 'group' THEN 'not_group'
        WHEN (SELECT role FROM acting) NOT IN ('owner', 'admin') THEN 'forbidden'
        ELSE 'allowed'
    END AS verdict
),
changed AS (
    UPDATE chats c SET
        name = CASE WHEN %(set_name)s THEN %(name)s ELSE c.name END,
        description = CASE WHEN %(set_description)s THEN %(description)s ELSE c.description END,
        avatar_url = CASE WHEN %(set_avatar_url)s THEN %(avatar_url)s ELSE c.avatar_url END,
        updated_at = now()
    FROM verdict v WHERE c.id = %(chat_id)s AND v.verdict = 'allowed'
)
SELECT verdict FROM verdict
"""


def change_chat(actor: Actor, chat_id: int, changes: dict[str, str | None]) -> Change:
    """Sets those of name, description and avatar_url that are in `changes`."""
    values: dict[str, Any] = {"user_id": actor.user_id, "chat_id": chat_id}
    for field in ("name", "description", "avatar_url"):
        values |= {f"set_{field}": field in changes, field: changes.get(field)}
    return db.the(Change, _CHANGE, values, actor=actor)


_LIST = """
SELECT chat_json(c, me, %(most)s)::text AS chat, c.id AS chat_id, c.last_message_at AS at
FROM members me JOIN chats c ON c.id = me.chat_id
WHERE me.user_id = %(user_id)s
    AND (%(at)s::timestamptz IS NULL OR (c.last_message_at, c.id) < (%(at)s::timestamptz, %(before_id)s))
ORDER BY c.last_message_at DESC, c.id DESC
LIMIT %(limit)s
"""


def list_chats(
    actor: Actor, *, before: tuple[datetime, int] | None, limit: int, most_participants: int
) -> list[Listed]:
    """The caller's chats below a sort key, the newest message first."""
    at, before_id = before or (None, None)
    values = {
        "user_id": actor.user_id,
        "at": at,
        "before_id": before_id,
        "limit": limit,
        "most": most_participants,
    }
    return db.many(Listed, _LIST, values, actor=actor)
