"""What a chat is called, looks like and allows: one statement that checks and changes it."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.access import FIRST_PARTICIPANTS
from chalicelib.features.chats.changes import Change, tell_change, tell_sending
from chalicelib.features.chats.schemas import ChatChange
from chalicelib.features.messages import story
from chalicelib.features.uploads import avatars
from chalicelib.realtime.shapes import Chat

# In a private chat both may choose how long messages live, and there is nothing else to choose. New rules raise the
# version too: who sends, adds or joins at this moment must go by them.
_CHANGE = """
WITH asked AS MATERIALIZED (
    SELECT %(change)s::jsonb AS change
),
acting AS MATERIALIZED (
    SELECT c.id, c.type, c.members_version, m.role, c.who_can_send,
        jsonb_build_object('name', c.name, 'description', c.description) AS shown, c.avatar_id,
        c.type = 'private' AND is_blocked(c.low_user_id, c.high_user_id) AS blocked
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) THEN 'not_found'
        WHEN (SELECT type FROM acting) = 'private'
            AND (change - 'settings' || (coalesce(change -> 'settings', '{}') - 'messageSeconds')) <> '{}'
            THEN 'not_group'
        WHEN (SELECT blocked FROM acting) THEN 'blocked'
        WHEN (SELECT type FROM acting) = 'group' AND (
            (SELECT role FROM acting) = 'member' OR (change ? 'isPublic' AND (SELECT role FROM acting) <> 'owner')
        ) THEN 'forbidden'
        WHEN change <@ '{"settings": {}}' THEN 'unchanged'
        WHEN words_refuse(%(chat_id)s, concat_ws(E'\n', change ->> 'name', change ->> 'description'))
            THEN 'words_refused'
        ELSE 'allowed'
    END AS verdict
    FROM asked
),
-- What all see of a group, and what the chat tells of its change.
told AS MATERIALIZED (
    SELECT CASE WHEN cardinality(seen.fields) > 0 THEN jsonb_build_object(
        'action', CASE WHEN 'name' = ANY (seen.fields) THEN 'renamed' ELSE 'changed' END,
        'name', CASE WHEN 'name' = ANY (seen.fields) THEN change -> 'name' END, 'changes', seen.fields
    ) END AS what
    FROM asked, (
        SELECT array(
            SELECT given.key FROM asked, acting a, jsonb_each(change) given
            WHERE a.type = 'group' AND a.shown ? given.key AND a.shown -> given.key <> given.value
            ORDER BY given.key
        ) || array(
            SELECT 'avatarUrl' FROM acting a
            WHERE a.type = 'group' AND %(chosen)s AND a.avatar_id IS DISTINCT FROM %(avatar_id)s::bigint
        ) AS fields
    ) seen
),
changed AS (
    UPDATE chats c SET
        name = coalesce(change ->> 'name', c.name),
        description = coalesce(change ->> 'description', c.description),
        avatar_id = CASE WHEN %(chosen)s THEN picture_of(%(avatar_id)s, %(user_id)s) ELSE c.avatar_id END,
        avatar_link = CASE WHEN %(chosen)s AND c.avatar_id IS DISTINCT FROM %(avatar_id)s::bigint
            THEN %(avatar_link)s ELSE c.avatar_link END,
        is_public = coalesce((change ->> 'isPublic')::boolean, c.is_public),
        who_can_send = coalesce(change #>> '{settings,whoCanSend}', c.who_can_send),
        who_can_add = coalesce(change #>> '{settings,whoCanAdd}', c.who_can_add),
        message_seconds = CASE WHEN change -> 'settings' ? 'messageSeconds'
            THEN (change #>> '{settings,messageSeconds}')::integer ELSE c.message_seconds END,
        slow_seconds = CASE WHEN change -> 'settings' ? 'slowModeSeconds'
            THEN (change #>> '{settings,slowModeSeconds}')::integer ELSE c.slow_seconds END,
        members_version = c.members_version + (change ?| ARRAY['settings', 'isPublic'])::integer,
        updated_at = now()
    FROM asked, acting a, verdict v
    WHERE c.id = a.id AND c.members_version = a.members_version AND v.verdict = 'allowed'
    RETURNING c.id
),
outcome AS MATERIALIZED (
    SELECT CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM changed) THEN 'stale' ELSE v.verdict END
        AS verdict
    FROM verdict v
)
SELECT o.verdict, a.told, a.chat, a.member_ids, pg_current_xact_id_if_assigned()::text AS version, CASE
        WHEN o.verdict = 'allowed' AND (
            SELECT change #>> '{settings,whoCanSend}' <> before.who_can_send FROM asked, acting before
        ) THEN array(SELECT m.user_id FROM members m WHERE m.chat_id = %(chat_id)s AND m.role = 'member')
        ELSE '{}'
    END AS concerned
FROM outcome o, told, chat_told(
    CASE WHEN o.verdict IN ('allowed', 'unchanged') THEN %(chat_id)s::bigint END, %(user_id)s, %(most)s,
    CASE o.verdict WHEN 'allowed' THEN told.what END, %(title)s
) a
"""


class _Changed(Change, frozen=True, kw_only=True):
    """`concerned`: who may write now and could not before, or the other way about."""

    concerned: list[int]


def change(actor: Actor, chat_id: int, wanted: ChatChange) -> Chat:
    """Changes what is given of a group, for its owners and admins, or of a private chat, and tells the members.

    Raises NotFound for who is not a member, Forbidden, NotAGroup, Blocked in a private chat, and for an avatar
    NotAPicture, or InvalidInput where it is a URL that leads elsewhere.
    """
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "change": msgspec.json.encode(wanted).decode(),
        "title": story.title(wanted.name or None),
        "most": FIRST_PARTICIPANTS,
        **avatars.values(avatars.chosen(wanted.avatar_id, wanted.avatar_url)),
    }
    changed = settled(lambda: db.the(_Changed, _CHANGE, values, actor=actor))
    if changed.verdict == "allowed":
        tell_change(changed)
        tell_sending(changed.summary, "member", changed.concerned)
    return changed.seen
