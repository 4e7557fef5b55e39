"""Invites: links by which somebody comes to a group, made and taken back by those who may add members."""

from datetime import UTC, datetime, timedelta

import msgspec

from chalicelib.core import clock, db, ids, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import Gone, InvalidInput, NotFound
from chalicelib.core.ids import Id
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.changes import Change
from chalicelib.features.chats.joining import hash_of
from chalicelib.features.chats.schemas import (
    ChatPreview,
    Invite,
    InviteInput,
    InviteList,
    NewInvite,
    check_future,
)

LONGEST_LIFE = timedelta(days=366)


class _Made(Change, frozen=True, kw_only=True):
    invite: str | None


class _Page(msgspec.Struct, frozen=True):
    invites: str


class _Revoked(msgspec.Struct, frozen=True):
    invite_id: int


class _Preview(msgspec.Struct, frozen=True):
    is_open: bool
    preview: str


_MAKE = """
WITH acting AS MATERIALIZED (
    SELECT c AS chat, may_add(c, m) AS may_add FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) THEN 'not_found'
        WHEN ((SELECT chat FROM acting)).type <> 'group' THEN 'not_group'
        WHEN NOT (SELECT may_add FROM acting) THEN 'forbidden'
        ELSE 'allowed'
    END AS verdict
),
made AS (
    INSERT INTO invites (chat_id, token_hash, created_by, expires_at, most_uses)
    SELECT %(chat_id)s, %(token_hash)s, %(user_id)s, %(expires_at)s, %(most_uses)s FROM verdict
    WHERE verdict = 'allowed'
    RETURNING invites AS invite
)
SELECT v.verdict, (SELECT invite_json(made.invite, a.chat)::text FROM made, acting a) AS invite FROM verdict v
"""


def make(actor: Actor, chat_id: int, wanted: InviteInput) -> NewInvite:
    """Makes an invite; its token is told this once.

    Raises NotFound for who is not a member, NotAGroup, Forbidden, and InvalidInput for a life that is over or too
    long.
    """
    token = ids.random_id()
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "token_hash": hash_of(token),
        "expires_at": _expiry(wanted),
        "most_uses": wanted.max_uses,
    }
    made = settled(lambda: db.the(_Made, _MAKE, values, actor=actor))
    invite = msgspec.json.decode(made.invite or "null", type=Invite)
    return NewInvite(**msgspec.structs.asdict(invite), token=token)


# Owners and admins see all of them, others those that they made themselves; here as in taking them back.
_LIST = """
SELECT coalesce((
    SELECT json_agg(invite_json(page.invite, c)) FROM (
        SELECT i AS invite FROM invites i
        WHERE i.chat_id = me.chat_id AND i.revoked_at IS NULL AND i.id < %(before)s
            AND (me.role <> 'member' OR i.created_by = me.user_id)
        ORDER BY i.id DESC LIMIT %(limit)s
    ) page
), '[]')::text AS invites
FROM members me JOIN chats c ON c.id = me.chat_id
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""


def list_invites(actor: Actor, chat_id: int, page: paging.Page) -> InviteList:
    """A page of the invites that the actor may take back, the newest first. Raises NotFound for who is no member."""
    before = paging.read_cursor(page.cursor, tuple[Id])
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "before": before[0] if before else ids.MAX_ID,
        "limit": page.limit + 1,
    }
    row = db.one(_Page, _LIST, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    invites, has_more = paging.cut(msgspec.json.decode(row.invites, type=list[Invite]), page.limit)
    return InviteList(
        invites=invites, has_more=has_more, next_cursor=paging.write_cursor(invites[-1].id) if has_more else None
    )


_REVOKE = """
WITH found AS MATERIALIZED (
    SELECT i.id FROM invites i JOIN members me ON me.chat_id = i.chat_id AND me.user_id = %(user_id)s
    WHERE i.id = %(invite_id)s AND i.chat_id = %(chat_id)s AND (me.role <> 'member' OR i.created_by = me.user_id)
),
revoked AS (
    UPDATE invites i SET revoked_at = now() FROM found f WHERE i.id = f.id AND i.revoked_at IS NULL
)
SELECT id AS invite_id FROM found
"""


def revoke(actor: Actor, chat_id: int, invite_id: int) -> None:
    """Takes an invite back; again is as once. Raises NotFound for one that is not the actor's to take back."""
    values = {"user_id": actor.user_id, "chat_id": chat_id, "invite_id": invite_id}
    if db.one(_Revoked, _REVOKE, values, actor=actor) is None:
        raise NotFound("There is no such invite.")


_PREVIEW = """
SELECT is_open(i, c) AS is_open, chat_preview_json(c, %(user_id)s)::text AS preview
FROM invites i JOIN chats c ON c.id = i.chat_id
WHERE i.token_hash = %(token_hash)s
"""


def preview(actor: Actor, token: str) -> ChatPreview:
    """The group that an invite leads to. Raises NotFound for a token that nobody made, Gone for what is over."""
    row = db.one(_Preview, _PREVIEW, {"user_id": actor.user_id, "token_hash": hash_of(token)}, actor=actor)
    if row is None:
        raise NotFound("There is no such invite.")
    if not row.is_open:
        raise Gone("This invite can no longer be used.")
    return msgspec.json.decode(row.preview, type=ChatPreview)


def _expiry(wanted: InviteInput) -> datetime | None:
    if wanted.expires_at is not None and wanted.expires_in is not None:
        raise InvalidInput.at(
            "expiresIn", "contradiction", "cannot be given together with {other}", other="expiresAt"
        )
    if wanted.expires_in is not None:
        return datetime.fromtimestamp(clock.now(), UTC) + timedelta(seconds=wanted.expires_in)
    if wanted.expires_at is not None:
        check_future("expiresAt", wanted.expires_at, LONGEST_LIFE)
    return wanted.expires_at
