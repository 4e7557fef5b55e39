"""The rows of uploads: each function is one statement."""

from collections.abc import Sequence
from typing import Literal, LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.ratelimit import Allowance

State = Literal["pending", "ready", "dropped"]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file to be announced; sizes are in bytes."""

    key: str
    filename: str
    content_type: str
    size: int


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What an announcement is held to. No `burst` means no rate limit."""

    burst: int | None
    quota: int
    lifetime_seconds: int


class Announced(Allowance, frozen=True, kw_only=True):
    """What became of an announcement: ids in the order of the files, where it was allowed and there was room."""

    enough: bool
    ids: list[int]


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `expired` counts only where the state is not ready."""

    id: int
    key: str
    filename: str
    content_type: str
    size: int
    state: State
    expired: bool
    etag: str | None


class _Used(msgspec.Struct, frozen=True):
    used: int


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Key(msgspec.Struct, frozen=True):
    key: str


class Expired(msgspec.Struct, frozen=True):
    """An upload that is given up."""

    id: int
    key: str


_ANNOUNCE: LiteralString = """
WITH rate AS MATERIALIZED (
    SELECT allowed, remaining, retry_after
    FROM take_allowances('uploads:' || %(user_id)s::bigint, %(burst)s, interval '1 hour', %(count)s)
), room AS MATERIALIZED (
    SELECT storage_used_locked(%(user_id)s) + %(total)s::bigint <= %(quota)s::bigint AS enough
    FROM rate WHERE allowed
), made AS (
    INSERT INTO uploads (owner_id, key, filename, content_type, size, expires_at)
    SELECT %(user_id)s, file.key, file.filename, file.content_type, file.size,
        now() + make_interval(secs => %(lifetime_seconds)s)
    FROM room, unnest(%(keys)s::text[], %(filenames)s::text[], %(content_types)s::text[], %(sizes)s::bigint[])
        AS file (key, filename, content_type, size)
    WHERE room.enough
    RETURNING id, key
)
SELECT rate.allowed, rate.remaining, rate.retry_after, coalesce(room.enough, false) AS enough,
    ARRAY(SELECT id FROM made ORDER BY array_position(%(keys)s::text[], key)) AS ids
FROM rate LEFT JOIN room ON true
"""


def announce(actor: Actor, files: Sequence[File], limits: Limits) -> Announced:
    """Takes the allowance and the room for all the files and makes their rows, or makes none."""
    params = {
        "user_id": actor.user_id,
        "burst": limits.burst,
        "quota": limits.quota,
        "lifetime_seconds": limits.lifetime_seconds,
        "count": len(files),
        "total": sum(file.size for file in files),
        "keys": [file.key for file in files],
        "filenames": [file.filename for file in files],
        "content_types": [file.content_type for file in files],
        "sizes": [file.size for file in files],
    }
    return db.the(Announced, _ANNOUNCE, params, actor=actor)


_OWN: LiteralString = """
SELECT id, key, filename, content_type, size, state, expires_at <= now() AS expired, etag
FROM uploads WHERE id = %(id)s AND owner_id = %(user_id)s
"""


def own(actor: Actor, upload_id: int) -> Upload | None:
    """The actor's own upload."""
    return db.one(Upload, _OWN, {"id": upload_id, "user_id": actor.user_id}, actor=actor)


_READY: LiteralString = """
SELECT id, key, filename, content_type, size, state, false AS expired, etag
FROM uploads WHERE id = %(id)s AND state = 'ready'
"""


def ready(upload_id: int) -> Upload | None:
    """An upload that was checked, whoever asks."""
    return db.one(Upload, _READY, {"id": upload_id})


_AVATAR: LiteralString = """
SELECT id, key, filename, content_type, size, state, false AS expired, etag
FROM uploads WHERE id = avatar_named(%(name)s) AND state = 'ready'
"""


def avatar(name: str) -> Upload | None:
    """The upload that is shown by the last part of an avatar's link."""
    return db.one(Upload, _AVATAR, {"name": name})


_VISIBLE: LiteralString = """
SELECT id, key, filename, content_type, size, state, expires_at <= now() AS expired, etag
FROM uploads WHERE id = %(id)s AND (
    owner_id = %(user_id)s
    OR EXISTS (
        SELECT FROM attachments JOIN members USING (chat_id)
        WHERE attachments.upload_id = uploads.id AND members.user_id = %(user_id)s
    )
)
"""


def visible(actor: Actor, upload_id: int) -> Upload | None:
    """An upload of the actor, or one that a chat of the actor holds."""
    return db.one(Upload, _VISIBLE, {"id": upload_id, "user_id": actor.user_id}, actor=actor)


_STORED_UNDER: LiteralString = """
SELECT id, key, filename, content_type, size, state, expires_at <= now() AS expired, etag
FROM uploads WHERE key = %(key)s
"""


def stored_under(key: str) -> Upload | None:
    """The upload of an object in S3."""
    return db.one(Upload, _STORED_UNDER, {"key": key})


_SETTLE: LiteralString = """
UPDATE uploads SET state = %(state)s, etag = %(etag)s, content_type = coalesce(%(content_type)s, content_type)
WHERE id = %(id)s AND state = 'pending' AND expires_at > now()
RETURNING id, key, filename, content_type, size, state, false AS expired, etag
"""


def settle(upload_id: int, *, state: State, etag: str, content_type: str | None) -> Upload | None:
    """Ends the wait for an upload, as what it is found to be; None where it had ended already."""
    given = {"id": upload_id, "state": state, "etag": etag, "content_type": content_type}
    return db.one(Upload, _SETTLE, given)


_WITHDRAW: LiteralString = "UPDATE uploads SET state = 'dropped', expires_at = now() WHERE id = %(id)s"


def withdraw(upload_id: int) -> None:
    """Makes an upload one that is given up, whatever it was."""
    db.execute(_WITHDRAW, {"id": upload_id})


# Conflicts with the lock that an attachment's foreign key takes: one that is being made commits first.
_LOCK_OWN: LiteralString = "SELECT key FROM uploads WHERE id = %(id)s AND owner_id = %(user_id)s FOR UPDATE"


def lock_own(actor: Actor, upload_id: int) -> str | None:
    """The key of the actor's own upload, to which nothing can happen until the transaction ends."""
    row = db.one(_Key, _LOCK_OWN, {"id": upload_id, "user_id": actor.user_id}, actor=actor)
    return row.key if row else None


_REMOVE_UNATTACHED: LiteralString = """
DELETE FROM uploads
WHERE id = %(id)s AND NOT EXISTS (SELECT FROM attachments WHERE upload_id = %(id)s)
RETURNING id
"""


def remove_unattached(upload_id: int) -> bool:
    """Deletes a locked upload's row, unless a message holds it."""
    return db.one(_Id, _REMOVE_UNATTACHED, {"id": upload_id}) is not None


_USED: LiteralString = "SELECT storage_used(%(user_id)s) AS used"


def used(actor: Actor) -> int:
    """How many bytes of the quota the actor's files take."""
    return db.the(_Used, _USED, {"user_id": actor.user_id}, actor=actor).used


_EXPIRED: LiteralString = """
SELECT id, key FROM uploads WHERE state <> 'ready' AND expires_at <= now() ORDER BY expires_at LIMIT %(limit)s
"""


def expired(limit: int) -> list[Expired]:
    """The uploads that were given up longest ago. Nothing makes them ready again."""
    return db.many(Expired, _EXPIRED, {"limit": limit})


_REMOVE_EXPIRED: LiteralString = """
DELETE FROM uploads WHERE id = ANY(%(ids)s::bigint[]) AND state <> 'ready' RETURNING id
"""


def remove_expired(upload_ids: Sequence[int]) -> int:
    """Deletes rows of `expired`; answers how many were still there."""
    return len(db.many(_Id, _REMOVE_EXPIRED, {"ids": list(upload_ids)}))
