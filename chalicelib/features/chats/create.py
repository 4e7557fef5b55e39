"""Making chats: the one private chat of two users, or of one with themselves, and groups."""

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.access import FIRST_PARTICIPANTS
from chalicelib.features.chats.changes import Change, push_group
from chalicelib.features.chats.personal import tell_devices
from chalicelib.features.chats.schemas import ChatInput
from chalicelib.features.messages import story
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Chat


class _Found(Change, frozen=True, kw_only=True):
    """`created`: made just now; `unhidden`: the actor had deleted it for themselves."""

    created: bool
    unhidden: bool


# 'stale' where both made it at this very moment.
_PRIVATE = """
WITH existing AS MATERIALIZED (
    SELECT id FROM chats WHERE type = 'private' AND low_user_id = %(low)s AND high_user_id = %(high)s
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN EXISTS (SELECT FROM existing) THEN 'allowed'
        WHEN NOT EXISTS (SELECT FROM users WHERE id = %(peer)s) THEN 'unknown_user'
        WHEN is_blocked(%(low)s, %(high)s) THEN 'blocked'
        ELSE first_word(%(user_id)s, %(peer)s)
    END AS verdict
),
made AS (
    INSERT INTO chats (type, created_by, low_user_id, high_user_id, request_of)
    SELECT 'private', %(user_id)s, %(low)s, %(high)s, CASE verdict WHEN 'request' THEN %(peer)s::bigint END
    FROM verdict
    WHERE verdict IN ('allowed', 'request') AND NOT EXISTS (SELECT FROM existing)
    ON CONFLICT (low_user_id, high_user_id) WHERE type = 'private' DO NOTHING
    RETURNING id
),
joined AS (
    INSERT INTO members (chat_id, user_id)
    SELECT DISTINCT made.id, pair.user_id FROM made, unnest(ARRAY[%(low)s, %(high)s]::bigint[]) AS pair (user_id)
    RETURNING user_id
),
-- Who writes to somebody again wants the chat back that they deleted.
unhidden AS (
    UPDATE members m SET hidden_seq = NULL FROM existing
    WHERE m.chat_id = existing.id AND m.user_id = %(user_id)s AND m.hidden_seq IS NOT NULL
    RETURNING m.user_id
),
outcome AS MATERIALIZED (
    SELECT
        CASE
            WHEN v.verdict NOT IN ('allowed', 'request') THEN v.verdict
            WHEN coalesce(existing.id, made.id) IS NULL THEN 'stale'
            ELSE 'allowed'
        END AS verdict,
        coalesce(existing.id, made.id) AS chat_id, EXISTS (SELECT FROM unhidden) AS unhidden,
        array(SELECT user_id FROM joined) AS changed_ids
    FROM verdict v LEFT JOIN existing ON true LEFT JOIN made ON true
)
SELECT o.verdict, o.changed_ids, cardinality(o.changed_ids) > 0 AS created, o.unhidden, a.chat, a.member_ids,
    pg_current_xact_id_if_assigned()::text AS version
FROM outcome o, chat_after(o.chat_id, %(user_id)s, %(most)s) a
"""

_GROUP = """
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT id FROM unnest(%(user_ids)s::bigint[]) AS given (id) WHERE id <> %(user_id)s
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN EXISTS (SELECT FROM wanted w WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = w.id))
            THEN 'unknown_user'
        WHEN EXISTS (SELECT FROM wanted w WHERE is_blocked(w.id, %(user_id)s)) THEN 'blocked'
        WHEN (SELECT count(*) FROM wanted) + 1 > %(group_size)s THEN 'group_full'
        WHEN words_refuse(NULL, concat_ws(E'\n', %(name)s::text, %(description)s::text)) THEN 'words_refused'
        ELSE 'allowed'
    END AS verdict
),
made AS (
    INSERT INTO chats (type, name, description, created_by)
    SELECT 'group', %(name)s, %(description)s, %(user_id)s FROM verdict WHERE verdict = 'allowed'
    RETURNING id
),
joined AS (
    -- The first message tells that it was made, which is no news to them.
    INSERT INTO members (chat_id, user_id, role, delivered_seq, read_seq)
    SELECT made.id, %(user_id)s, 'owner', 1, 1 FROM made
    UNION ALL
    SELECT made.id, wanted.id, 'member', 1, 1 FROM made, wanted
    RETURNING user_id
),
outcome AS MATERIALIZED (
    SELECT v.verdict, made.id AS chat_id, array(SELECT user_id FROM joined) AS changed_ids
    FROM verdict v LEFT JOIN made ON true
)
SELECT o.verdict, o.changed_ids, a.told, a.chat, a.member_ids, pg_current_xact_id_if_assigned()::text AS version
FROM outcome o, chat_told(o.chat_id, %(user_id)s, %(most)s, CASE WHEN o.chat_id IS NOT NULL THEN jsonb_build_object(
    'action', 'made', 'name', %(name)s::text, 'userIds', array(SELECT id FROM wanted ORDER BY id)
) END, %(title)s) a
"""


def create(actor: Actor, chat: ChatInput) -> tuple[Chat, bool]:
    """Makes a group, or finds or makes a private chat; answers whether it is new.

    Raises UnknownUser, Blocked, WritingRefused, GroupFull, and InvalidInput for a private chat of more than two
    users, or of nobody.
    """
    if chat.type == "private":
        return _private(actor, chat)
    values = {
        "user_id": actor.user_id,
        "name": chat.name,
        "title": story.title(chat.name),
        "description": chat.description,
        "user_ids": chat.participant_ids,
        "group_size": settings().group_size,
        "most": FIRST_PARTICIPANTS,
    }
    made = settled(lambda: db.the(Change, _GROUP, values, actor=actor))
    return _announced(made), True


def _private(actor: Actor, chat: ChatInput) -> tuple[Chat, bool]:
    # One's own id alone stands for the chat with oneself.
    peers = set(chat.participant_ids) - {actor.user_id} or set(chat.participant_ids)
    if len(peers) != 1:
        raise InvalidInput.at("participantIds", "wrong_length", "must name one user in a private chat")
    peer_id = peers.pop()
    low, high = sorted((actor.user_id, peer_id))
    values = {"user_id": actor.user_id, "peer": peer_id, "low": low, "high": high, "most": FIRST_PARTICIPANTS}
    found = settled(lambda: db.the(_Found, _PRIVATE, values, actor=actor))
    if found.created:
        return _announced(found), True
    if found.unhidden:
        tell_devices(actor, found.seen)
    return found.seen, False


def _announced(made: Change) -> Chat:
    chat = made.seen
    publish(events.chat_created(chat, version=made.version), to=made.changed_ids, group=push_group(chat.id))
    story.tell(made.told, made.member_ids or ())
    return chat
