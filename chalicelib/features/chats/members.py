"""Who comes to a group by others, and who goes, of their own will or not: a statement each."""

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.access import FIRST_PARTICIPANTS
from chalicelib.features.chats.changes import Change, push_group, tell_change
from chalicelib.realtime import events
from chalicelib.realtime.event_data import MemberJoined, MemberLeft
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Chat, read_users


class _Added(Change, frozen=True, kw_only=True):
    """`newcomers_chat`: the chat as the first of those sees it who were added."""

    newcomers_chat: str | None


# Whom an owner or admin removed, only an owner or admin brings back.
_ADD = """
WITH acting AS MATERIALIZED (
    SELECT c.id, c.type, c.members_version, m.role, may_add(c, m) AS may_add
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
wanted AS MATERIALIZED (
    SELECT DISTINCT given.id FROM unnest(%(user_ids)s::bigint[]) AS given (id)
    WHERE NOT EXISTS (SELECT FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id = given.id)
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) THEN 'not_found'
        WHEN (SELECT type FROM acting) <> 'group' THEN 'not_group'
        WHEN NOT (SELECT may_add FROM acting) THEN 'forbidden'
        WHEN EXISTS (SELECT FROM wanted w WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = w.id))
            THEN 'unknown_user'
        WHEN EXISTS (SELECT FROM wanted w WHERE is_blocked(w.id, %(user_id)s)) THEN 'blocked'
        WHEN (SELECT role FROM acting) = 'member' AND EXISTS (
            SELECT FROM departures d JOIN wanted w ON w.id = d.user_id WHERE d.chat_id = %(chat_id)s AND d.barred
        ) THEN 'forbidden'
        WHEN NOT EXISTS (SELECT FROM wanted) THEN 'unchanged'
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
    -- What was said before they came is history to new members, not news; so is that they came.
    INSERT INTO members (chat_id, user_id, delivered_seq, read_seq)
    SELECT t.id, w.id, t.last_seq + 1, t.last_seq + 1 FROM taken t, wanted w
    RETURNING chat_id, user_id
),
outcome AS MATERIALIZED (
    SELECT CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM taken) THEN 'stale' ELSE v.verdict END
        AS verdict, array(SELECT user_id FROM joined) AS changed_ids
    FROM verdict v
)
SELECT o.verdict, o.changed_ids, users_text(o.changed_ids || %(user_id)s::bigint) AS users, a.told, a.chat,
    a.member_ids, n.chat AS newcomers_chat, pg_current_xact_id_if_assigned()::text AS version
FROM outcome o, chat_told(
    CASE WHEN o.verdict IN ('allowed', 'unchanged') THEN %(chat_id)s::bigint END, %(user_id)s, %(most)s,
    CASE o.verdict WHEN 'allowed' THEN jsonb_build_object('action', 'added', 'userIds', o.changed_ids) END, NULL
) a, chat_after(
    CASE WHEN a.told IS NOT NULL THEN %(chat_id)s::bigint END, o.changed_ids[1], %(most)s
) n
"""


def add_members(actor: Actor, chat_id: int, user_ids: list[int]) -> Chat:
    """Adds users to a group, all or none; who is a member already stays as they are.

    Raises NotFound for who is not a member, NotAGroup, Forbidden, UnknownUser, Blocked, GroupFull, and InvalidInput
    where nobody is named.
    """
    if not user_ids:
        raise InvalidInput.at("userIds", "missing", "is required, or userId in its place")
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "user_ids": user_ids,
        "group_size": settings().group_size,
        "most": FIRST_PARTICIPANTS,
    }
    added = settled(lambda: db.the(_Added, _ADD, values, actor=actor))
    if added.changed_ids:
        chat = msgspec.json.decode(added.newcomers_chat or "null", type=Chat)
        welcome(added, chat, added_by=actor.user_id)
    return added.seen


def welcome(joined: Change, chat: Chat, *, added_by: int | None) -> None:
    """Tells newcomers of their chat, which is as the first of them sees it, and the others of them."""
    version = joined.version
    if len(joined.changed_ids) > 1:
        # Who shows whom what they have read is between the two: nothing of it to several at once. Sync tells it, so
        # what it tells is not the same.
        version = None
        participants = [msgspec.structs.replace(participant, read_seq=0) for participant in chat.participants]
        chat = msgspec.structs.replace(chat, participants=participants)
    publish(events.chat_created(chat, version=version), to=joined.changed_ids, group=push_group(chat.id))
    others = sorted(set(joined.member_ids or ()).difference(joined.changed_ids))
    data = MemberJoined(chat_id=chat.id, user_ids=list(joined.changed_ids), added_by=added_by)
    event = events.member_joined(data, users=read_users(joined.users))
    publish(event, to=others, group=push_group(chat.id))
    tell_change(joined)


# A group that its last member leaves is over; the common room waits for the next one, and tells nobody who goes.
_REMOVE = """
WITH acting AS MATERIALIZED (
    SELECT c.id, c.type, c.members_version, m.role FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
leaving AS MATERIALIZED (
    SELECT m.user_id, m.role FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id = %(leaver_id)s
),
staying AS MATERIALIZED (
    SELECT count(*) AS members, count(*) FILTER (WHERE m.role = 'owner') AS owners FROM members m
    WHERE m.chat_id = %(chat_id)s AND m.user_id <> %(leaver_id)s
),
verdict AS MATERIALIZED (
    SELECT s.members = 0 AND %(chat_id)s::bigint <> common_room_id() AS over,
        s.members > 0 AND %(chat_id)s::bigint <> common_room_id() AS told, CASE
        WHEN NOT EXISTS (SELECT FROM acting) OR NOT EXISTS (SELECT FROM leaving) THEN 'not_found'
        WHEN (SELECT type FROM acting) <> 'group' THEN 'not_group'
        WHEN %(leaver_id)s <> %(user_id)s AND (
            (SELECT role FROM acting) NOT IN ('owner', 'admin')
            OR ((SELECT role FROM acting) = 'admin' AND (SELECT role FROM leaving) <> 'member')
        ) THEN 'forbidden'
        WHEN (SELECT role FROM leaving) = 'owner' AND s.owners = 0 AND s.members > 0 THEN 'last_owner'
        ELSE 'allowed'
    END AS verdict
    FROM staying s
),
taken AS (
    UPDATE chats c SET members_version = c.members_version + 1, updated_at = now(),
        deleted_at = CASE WHEN v.over THEN now() END, is_public = c.is_public AND NOT v.over
    FROM acting a, verdict v
    WHERE c.id = a.id AND c.members_version = a.members_version AND v.verdict = 'allowed'
    RETURNING c.id
),
left_it AS (
    DELETE FROM members m USING taken t WHERE m.chat_id = t.id AND m.user_id = %(leaver_id)s
    RETURNING m.user_id, m.chat_id
),
departed AS (
    INSERT INTO departures (user_id, chat_id, barred)
    SELECT user_id, chat_id, %(leaver_id)s <> %(user_id)s FROM left_it
    ON CONFLICT (user_id, chat_id) DO UPDATE SET barred = excluded.barred
),
outcome AS MATERIALIZED (
    SELECT CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM taken) THEN 'stale' ELSE v.verdict END
        AS verdict, v.told, array(SELECT user_id FROM left_it) AS changed_ids
    FROM verdict v
)
SELECT o.verdict, o.changed_ids, users_text(o.changed_ids) AS users, a.told, a.chat, a.member_ids,
    pg_current_xact_id_if_assigned()::text AS version
FROM outcome o, chat_told(
    CASE o.verdict WHEN 'allowed' THEN %(chat_id)s::bigint END, %(user_id)s, %(most)s,
    CASE WHEN o.verdict = 'allowed' AND o.told THEN jsonb_build_object(
        'action', CASE %(leaver_id)s WHEN %(user_id)s THEN 'left' ELSE 'removed' END, 'userIds', o.changed_ids
    ) END, NULL
) a
"""


def remove_member(actor: Actor, chat_id: int, user_id: int) -> None:
    """Takes a member out of a group, or leaves it.

    Raises NotFound where either is not a member, NotAGroup, Forbidden, and LastOwner for who is the only owner of
    others.
    """
    _take_out(actor.user_id, chat_id, user_id, actor)


def depart(user_id: int, chat_id: int) -> None:
    """Takes a user out of a group whose account is deleted: they have no session any more. Raises LastOwner."""
    _take_out(user_id, chat_id, user_id, None)


def _take_out(by: int, chat_id: int, user_id: int, actor: Actor | None) -> None:
    values = {"user_id": by, "chat_id": chat_id, "leaver_id": user_id, "most": FIRST_PARTICIPANTS}
    removed = settled(lambda: db.the(Change, _REMOVE, values, actor=actor))
    publish(events.chat_left(chat_id, version=removed.version), to=[user_id], group=push_group(chat_id))
    data = MemberLeft(chat_id=chat_id, user_id=user_id)
    event = events.member_left(data, users=read_users(removed.users))
    publish(event, to=removed.member_ids or (), group=push_group(chat_id))
    tell_change(removed)


def leave(actor: Actor, chat_id: int) -> None:
    """Leaves a group. Raises as `remove_member` does."""
    remove_member(actor, chat_id, actor.user_id)
