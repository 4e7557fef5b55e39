"""Coming to a group by oneself: by an invite, or because it is public."""

import hashlib

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.access import FIRST_PARTICIPANTS
from chalicelib.features.chats.changes import Change
from chalicelib.features.chats.members import welcome
from chalicelib.realtime.shapes import Chat

# Everybody may come to the common room, but one push names all who must hear it: ten thousand ids and the longest
# message still fit into the 256 KB of an SQS message.
COMMON_ROOM_SIZE = 10_000

# The invite is counted after the chat's row was taken: two who come at once are counted one after the other, and one
# that is revoked at this moment lets nobody in.
_JOIN = """
WITH door AS MATERIALIZED (
    SELECT c AS chat, c.id, i.id AS invite_id, i.created_by AS host_id,
        CASE WHEN i.id IS NULL THEN c.is_public ELSE is_open(i, c) END AS is_open,
        EXISTS (SELECT FROM members m WHERE m.chat_id = c.id AND m.user_id = %(user_id)s) AS is_member,
        -- Everybody comes to the common room: that is no news there.
        c.id <> common_room_id() AS told,
        CASE c.id WHEN common_room_id() THEN %(room_size)s ELSE %(group_size)s END AS most
    FROM chats c LEFT JOIN invites i ON i.chat_id = c.id AND i.token_hash = %(token_hash)s
    WHERE c.id = coalesce(
        %(chat_id)s::bigint, (SELECT chat_id FROM invites WHERE token_hash = %(token_hash)s)
    )
),
verdict AS MATERIALIZED (
    SELECT coalesce((
        SELECT CASE
            WHEN d.is_member THEN 'unchanged'
            WHEN NOT d.is_open THEN CASE WHEN d.invite_id IS NULL THEN 'not_found' ELSE 'gone' END
            WHEN EXISTS (
                SELECT FROM departures e WHERE e.chat_id = d.id AND e.user_id = %(user_id)s AND e.barred
            ) THEN 'forbidden'
            WHEN is_blocked(d.host_id, %(user_id)s) OR EXISTS (
                SELECT FROM members m
                WHERE m.chat_id = d.id AND m.role = 'owner' AND is_blocked(m.user_id, %(user_id)s)
            ) THEN 'blocked'
            WHEN (SELECT count(*) FROM members m WHERE m.chat_id = d.id) >= d.most THEN 'group_full'
            ELSE 'allowed'
        END
        FROM door d
    ), 'not_found') AS verdict
),
taken AS (
    UPDATE chats c SET members_version = c.members_version + 1, updated_at = now()
    FROM door d, verdict v
    WHERE c.id = d.id AND c.members_version = (d.chat).members_version AND v.verdict = 'allowed'
    RETURNING c.id, c.last_seq + d.told::integer AS last_seq
),
used AS (
    UPDATE invites i SET uses = i.uses + 1 FROM door d, taken t
    WHERE i.id = d.invite_id AND i.revoked_at IS NULL
    RETURNING i.id
),
joined AS (
    INSERT INTO members (chat_id, user_id, delivered_seq, read_seq)
    SELECT t.id, %(user_id)s, t.last_seq, t.last_seq FROM taken t, door d
    WHERE d.invite_id IS NULL OR EXISTS (SELECT FROM used)
    RETURNING chat_id, user_id
),
outcome AS MATERIALIZED (
    SELECT CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM joined) THEN 'stale' ELSE v.verdict END
        AS verdict, array(SELECT user_id FROM joined) AS changed_ids
    FROM verdict v
)
SELECT o.verdict, o.changed_ids, users_text(o.changed_ids) AS users, a.told, a.chat, a.member_ids,
    pg_current_xact_id_if_assigned()::text AS version
FROM outcome o, chat_told(
    CASE WHEN o.verdict IN ('allowed', 'unchanged') THEN (SELECT id FROM door) END, %(user_id)s, %(most)s,
    CASE WHEN o.verdict = 'allowed' AND (SELECT told FROM door)
        THEN jsonb_build_object('action', 'joined', 'userIds', o.changed_ids) END, NULL
) a
"""


def join_public(actor: Actor, chat_id: int) -> Chat:
    """Joins a public group; who is a member already stays as they are.

    Raises NotFound for a chat that is not public, Forbidden for who was removed from it, Blocked, and GroupFull.
    """
    return _join(actor, chat_id=chat_id, token=None)


def join_by_invite(actor: Actor, token: str) -> Chat:
    """Joins the group that an invite leads to; who is a member already stays as they are, and uses nothing up.

    Raises NotFound for a token that nobody made, Gone for an invite that is expired, used up, revoked, or whose maker
    may not add members any more, and as `join_public` does.
    """
    return _join(actor, chat_id=None, token=token)


def hash_of(token: str) -> bytes:
    """What is kept of an invite's token."""
    return hashlib.sha256(token.encode()).digest()


def _join(actor: Actor, *, chat_id: int | None, token: str | None) -> Chat:
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "token_hash": None if token is None else hash_of(token),
        "group_size": settings().group_size,
        "room_size": COMMON_ROOM_SIZE,
        "most": FIRST_PARTICIPANTS,
    }
    joined = settled(lambda: db.the(Change, _JOIN, values, actor=actor))
    if joined.changed_ids:
        welcome(joined, joined.seen, added_by=None)
    return joined.seen
