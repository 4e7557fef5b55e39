"""The rows of uploads: each function is one statement."""

from collections.abc import Sequence
from typing import Literal, LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.ratelimit import Allowance
from chalicelib.features.uploads.derived import Made, Media, SizeName, Stored

State = Literal["pending", "scanning", "ready", "quarantined", "dropped"]


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
    """One row. `expired` counts only where the state is not ready. `told` is the file as the wire has it.

    What comes in parts has a `part_size`, and a `multipart_id` as long as S3 may hold parts of it; only `own` tells.
    """

    id: int
    key: str
    filename: str
    content_type: str
    size: int
    state: State
    expired: bool
    etag: str | None
    media: str | None
    told: str
    multipart_id: str | None = None
    part_size: int | None = None

    def thumbnail(self, size: SizeName | None) -> Stored | None:
        """The thumbnail of this size, as far as there is one."""
        if size is None or self.media is None:
            return None
        thumbnails = msgspec.json.decode(self.media, type=Media).thumbnails
        return None if thumbnails is None else thumbnails[size]


class _Used(msgspec.Struct, frozen=True):
    used: int


class _Id(msgspec.Struct, frozen=True):
    id: int


class Place(msgspec.Struct, frozen=True):
    """Where S3 has an upload, and by which name parts of it."""

    id: int
    key: str
    multipart_id: str | None


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
SELECT id, key, filename, content_type, size, state, expires_at <= now() AS expired, etag, media::text,
    upload_text(uploads) AS told, multipart_id, part_size
FROM uploads WHERE id = %(id)s AND owner_id = %(user_id)s
"""


def own(actor: Actor, upload_id: int) -> Upload | None:
    """The actor's own upload."""
    return db.one(Upload, _OWN, {"id": upload_id, "user_id": actor.user_id}, actor=actor)


_READY: LiteralString = """
SELECT id, key, filename, content_type, size, state, false AS expired, etag, media::text,
    upload_text(uploads) AS told
FROM uploads WHERE id = %(id)s AND state = 'ready'
"""


def ready(upload_id: int) -> Upload | None:
    """An upload that was checked, whoever asks."""
    return db.one(Upload, _READY, {"id": upload_id})


_WITH_MARK: LiteralString = """
SELECT id, key, filename, content_type, size, state, false AS expired, etag, media::text,
    upload_text(uploads) AS told, thumbnail_mark(uploads, %(size)s, %(until)s) AS mark
FROM uploads WHERE id = %(id)s AND state = 'ready' AND media IS NOT NULL
"""


class Marked(Upload, frozen=True, kw_only=True):
    """A picture with what a link to one of its thumbnails must be signed by."""

    mark: str


def marked(upload_id: int, size: SizeName, until: int) -> Marked | None:
    """A picture that has thumbnails, whoever asks."""
    return db.one(Marked, _WITH_MARK, {"id": upload_id, "size": size, "until": until})


_AVATAR: LiteralString = """
SELECT id, key, filename, content_type, size, state, false AS expired, etag, media::text,
    upload_text(uploads) AS told
FROM uploads WHERE id = avatar_named(%(name)s) AND state = 'ready'
"""


def avatar(name: str) -> Upload | None:
    """The upload that is shown by the last part of an avatar's link."""
    return db.one(Upload, _AVATAR, {"name": name})


_VISIBLE: LiteralString = """
SELECT id, key, filename, content_type, size, state, expires_at <= now() AS expired, etag, media::text,
    upload_text(uploads) AS told
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
SELECT id, key, filename, content_type, size, state, expires_at <= now() AS expired, etag, media::text,
    upload_text(uploads) AS told
FROM uploads WHERE key = %(key)s
"""


def stored_under(key: str) -> Upload | None:
    """The upload of an object in S3."""
    return db.one(Upload, _STORED_UNDER, {"key": key})


_SETTLE: LiteralString = """
UPDATE uploads SET state = %(state)s, etag = %(etag)s, content_type = coalesce(%(content_type)s, content_type),
    multipart_id = NULL,
    expires_at = CASE WHEN %(state)s = 'scanning' THEN now() + interval '1 day' ELSE expires_at END,
    scan_due_at = now() + make_interval(secs => %(scan_again)s)
WHERE id = %(id)s AND state = 'pending' AND expires_at > now()
RETURNING id, key, filename, content_type, size, state, false AS expired, etag, media::text,
    upload_text(uploads) AS told
"""


def settle(upload_id: int, *, state: State, etag: str, content_type: str | None, scan_again: int) -> Upload | None:
    """Ends the wait for an upload, as what it is found to be; None where it had ended already.

    A scanner that is asked is asked again after so many seconds.
    """
    given = {"id": upload_id, "state": state, "etag": etag, "content_type": content_type, "scan_again": scan_again}
    return db.one(Upload, _SETTLE, given)


class Unscanned(msgspec.Struct, frozen=True):
    """A file that waits for a verdict."""

    id: int
    key: str
    size: int
    content_type: str


_UNSCANNED: LiteralString = """
SELECT id, key, size, content_type FROM uploads
WHERE state = 'scanning' AND scan_due_at <= now() AND expires_at > now()
ORDER BY scan_due_at LIMIT %(limit)s
"""
_PUT_OFF_SCANS: LiteralString = """
UPDATE uploads SET scan_due_at = now() + make_interval(secs => %(seconds)s) WHERE id = ANY(%(ids)s::bigint[])
"""


def unscanned(limit: int) -> list[Unscanned]:
    """The files of which a scanner is to be asked again, those first that have waited longest."""
    return db.many(Unscanned, _UNSCANNED, {"limit": limit})


def put_off_scans(upload_ids: Sequence[int], seconds: int) -> None:
    """A scanner was asked about these files: it is not asked again for so long."""
    if upload_ids:
        db.execute(_PUT_OFF_SCANS, {"ids": list(upload_ids), "seconds": seconds})


_JUDGE: LiteralString = "SELECT judged, content_type, told FROM judge_file(%(key)s, %(is_clean)s)"


class Judged(msgspec.Struct, frozen=True):
    """What has become of a file; `told` is the JSON of the messages that hold it and have changed."""

    judged: State | None
    content_type: str | None
    told: str


def judge(key: str, *, is_clean: bool) -> Judged:
    """Takes a scanner's verdict."""
    return db.the(Judged, _JUDGE, {"key": key, "is_clean": is_clean})


_WITHDRAW: LiteralString = "UPDATE uploads SET state = 'dropped', expires_at = now() WHERE id = %(id)s"


def withdraw(upload_id: int) -> None:
    """Makes an upload one that is given up, whatever it was."""
    db.execute(_WITHDRAW, {"id": upload_id})


# Conflicts with the lock that an attachment's foreign key takes: one that is being made commits first.
_LOCK_OWN: LiteralString = """
SELECT id, key, multipart_id FROM uploads WHERE id = %(id)s AND owner_id = %(user_id)s FOR UPDATE
"""


def lock_own(actor: Actor, upload_id: int) -> Place | None:
    """Where the actor's own upload is, to which nothing can happen until the transaction ends."""
    return db.one(Place, _LOCK_OWN, {"id": upload_id, "user_id": actor.user_id}, actor=actor)


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
(
    SELECT id, key, multipart_id FROM uploads
    WHERE state <> 'ready' AND expires_at <= now() AND multipart_id IS NOT NULL
    ORDER BY expires_at LIMIT %(most_in_parts)s
) UNION ALL (
    SELECT id, key, multipart_id FROM uploads
    WHERE state <> 'ready' AND expires_at <= now() AND multipart_id IS NULL
    ORDER BY expires_at LIMIT %(limit)s
) LIMIT %(limit)s
"""


def expired(limit: int, *, most_in_parts: int) -> list[Place]:
    """The uploads that were given up longest ago, few that come in parts. Nothing makes them ready again."""
    return db.many(Place, _EXPIRED, {"limit": limit, "most_in_parts": most_in_parts})


_REMOVE_EXPIRED: LiteralString = """
DELETE FROM uploads WHERE id = ANY(%(ids)s::bigint[]) AND state <> 'ready' RETURNING id
"""


def remove_expired(upload_ids: Sequence[int]) -> int:
    """Deletes rows of `expired`; answers how many were still there."""
    return len(db.many(_Id, _REMOVE_EXPIRED, {"ids": list(upload_ids)}))


_FILES_OF: LiteralString = "SELECT id, key, multipart_id FROM uploads WHERE owner_id = %(user_id)s LIMIT %(limit)s"
_ERASE: LiteralString = "SELECT erase_files(%(ids)s::bigint[])"


def files_of(user_id: int, limit: int) -> list[Place]:
    """Some files of a user, whatever has become of them."""
    return db.many(Place, _FILES_OF, {"user_id": user_id, "limit": limit})


def erase(upload_ids: Sequence[int]) -> None:
    """Forgets files, whether or not messages hold them."""
    db.execute(_ERASE, {"ids": list(upload_ids)})


_ADD: LiteralString = """
INSERT INTO uploads (owner_id, key, filename, content_type, size, expires_at)
VALUES (
    %(user_id)s, %(key)s, %(filename)s, %(content_type)s, %(size)s, now() + make_interval(secs => %(lifetime)s)
)
RETURNING id
"""
_KEPT: LiteralString = "SELECT id, key, multipart_id FROM uploads WHERE id = %(id)s"


def add(user_id: int, file: File, lifetime_seconds: int) -> int:
    """Makes the row of a file that is no client's."""
    return db.the(_Id, _ADD, {"user_id": user_id, "lifetime": lifetime_seconds, **msgspec.structs.asdict(file)}).id


def kept(upload_id: int) -> Place | None:
    """Where a file is."""
    return db.one(Place, _KEPT, {"id": upload_id})


_RECORD: LiteralString = """
SELECT told FROM record_media(
    %(key)s, %(etag)s, %(media)s::text::jsonb, %(base)s, %(secret)s, %(clean_etag)s, %(clean_size)s
)
"""


class _Told(msgspec.Struct, frozen=True):
    told: str | None


def record(made: Made, *, base: str, secret: str) -> str | None:
    """Keeps what was made of a file; the JSON of the messages that hold it, None where it is gone."""
    values = msgspec.structs.asdict(made)
    media = None if made.media is None else msgspec.json.encode(made.media).decode()
    return db.the(_Told, _RECORD, {**values, "media": media, "base": base, "secret": secret}).told
