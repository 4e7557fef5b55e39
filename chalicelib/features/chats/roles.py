"""Roles: owners give and take all of them, admins make admins of members; a group never loses its last owner."""

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.access import FIRST_PARTICIPANTS
from chalicelib.features.chats.changes import Change, push_group, tell_change, tell_sending
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import ChatMember, Role, read_users

# An admin acts on members and on themselves, as with removing: could they make a member of another admin, they could
# remove them next.
_SET_ROLE = """
WITH acting AS MATERIALIZED (
    SELECT c.id, c.type, c.members_version, m.role FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
changing AS MATERIALIZED (
    SELECT m.user_id, m.role FROM members m WHERE m.chat_id = %(chat_id)s AND m.user_id = %(member_id)s
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) OR NOT EXISTS (SELECT FROM changing) THEN 'not_found'
        WHEN (SELECT type FROM acting) <> 'group' THEN 'not_group'
        WHEN (SELECT role FROM acting) = 'member' THEN 'forbidden'
        WHEN (SELECT role FROM acting) = 'admin' AND (
            %(role)s = 'owner' OR ((SELECT role FROM changing) <> 'member' AND %(member_id)s <> %(user_id)s)
        ) THEN 'forbidden'
        WHEN (SELECT role FROM changing) = %(role)s THEN 'unchanged'
        WHEN (SELECT role FROM changing) = 'owner' AND NOT EXISTS (
            SELECT FROM members m
            WHERE m.chat_id = %(chat_id)s AND m.role = 'owner' AND m.user_id <> %(member_id)s
        ) THEN 'last_owner'
        ELSE 'allowed'
    END AS verdict
),
taken AS (
    UPDATE chats c SET members_version = c.members_version + 1, updated_at = now()
    FROM acting a, verdict v
    WHERE c.id = a.id AND c.members_version = a.members_version AND v.verdict = 'allowed'
    RETURNING c.id
),
changed AS (
    UPDATE members m SET role = %(role)s FROM taken t WHERE m.chat_id = t.id AND m.user_id = %(member_id)s
    RETURNING m.user_id
),
outcome AS MATERIALIZED (
    SELECT CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM changed) THEN 'stale' ELSE v.verdict END
        AS verdict
    FROM verdict v
)
SELECT o.verdict, users_text(ARRAY[%(member_id)s::bigint]) AS users, a.told, a.chat, a.member_ids,
    pg_current_xact_id_if_assigned()::text AS version
FROM outcome o, chat_told(
    CASE o.verdict WHEN 'allowed' THEN %(chat_id)s::bigint END, %(user_id)s, %(most)s,
    CASE o.verdict WHEN 'allowed' THEN jsonb_build_object(
        'action', 'role', 'role', %(role)s::text, 'userIds', ARRAY[%(member_id)s::bigint]
    ) END, NULL
) a
"""


def set_role(actor: Actor, chat_id: int, user_id: int, role: Role) -> ChatMember:
    """Gives a member of a group a role, and tells the members.

    Raises NotFound where either is not a member, NotAGroup, Forbidden, and LastOwner.
    """
    return _set_role(actor.user_id, chat_id, user_id, role, actor)


def appoint(*, by: int, chat_id: int, user_id: int, role: Role) -> None:
    """The same in the name of a user whose account is deleted: they have no session any more."""
    _set_role(by, chat_id, user_id, role, None)


def _set_role(by: int, chat_id: int, user_id: int, role: Role, actor: Actor | None) -> ChatMember:
    values = {
        "user_id": by,
        "chat_id": chat_id,
        "member_id": user_id,
        "role": role,
        "most": FIRST_PARTICIPANTS,
    }
    changed = settled(lambda: db.the(Change, _SET_ROLE, values, actor=actor))
    member = ChatMember(chat_id=chat_id, user_id=user_id, role=role, users=read_users(changed.users))
    if changed.verdict == "allowed":
        publish(events.member_updated(member), to=changed.member_ids or (), group=push_group(chat_id))
        tell_change(changed)
        if changed.summary.settings.who_can_send == "admins":
            tell_sending(changed.summary, role, [user_id])
    return member
