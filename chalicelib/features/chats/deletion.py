"""Deleting: an owner ends a group for all, anybody takes a private chat off their own list."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.verdicts import settled
from chalicelib.features.chats.changes import Change, push_group
from chalicelib.features.chats.personal import tell_devices
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import ChatPersonal

# Messages that one run of the sweep takes away: well within the timeout of a statement.
_BITE = 5_000


class _Deleted(Change, frozen=True, kw_only=True):
    personal: str | None


class _Cleared(msgspec.Struct, frozen=True):
    removed: int


# A group may have more messages than one statement can delete: it loses its members, by whom alone it can be reached,
# and a sweep takes away the rest.
_DELETE = """
WITH acting AS MATERIALIZED (
    SELECT c AS chat, c.id, c.type, c.last_seq, c.members_version, m.role
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
verdict AS MATERIALIZED (
    SELECT CASE
        WHEN NOT EXISTS (SELECT FROM acting) THEN 'not_found'
        WHEN (SELECT type FROM acting) = 'private' THEN 'unchanged'
        WHEN (SELECT role FROM acting) <> 'owner' THEN 'forbidden'
        ELSE 'allowed'
    END AS verdict
),
taken AS (
    UPDATE chats c SET members_version = c.members_version + 1, deleted_at = now(), is_public = false,
        updated_at = now()
    FROM acting a, verdict v
    WHERE c.id = a.id AND c.members_version = a.members_version AND v.verdict = 'allowed'
    RETURNING c.id
),
gone AS (
    DELETE FROM members m USING taken t WHERE m.chat_id = t.id RETURNING m.user_id, m.chat_id
),
departed AS (
    INSERT INTO departures (user_id, chat_id) SELECT user_id, chat_id FROM gone
    ON CONFLICT (user_id, chat_id) DO UPDATE SET barred = false
),
hidden AS (
    UPDATE members m SET hidden_seq = a.last_seq, pinned_at = NULL FROM acting a
    WHERE a.type = 'private' AND m.chat_id = a.id AND m.user_id = %(user_id)s
        AND (m.hidden_seq IS DISTINCT FROM a.last_seq OR m.pinned_at IS NOT NULL)
    RETURNING (jsonb_build_object('chatId', a.id) || personal_json(a.chat, m))::text AS personal
)
SELECT CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM taken) THEN 'stale' ELSE v.verdict END AS verdict,
    array(SELECT user_id FROM gone) AS changed_ids, (SELECT personal FROM hidden) AS personal,
    pg_current_xact_id_if_assigned()::text AS version
FROM verdict v
"""


def delete(actor: Actor, chat_id: int) -> None:
    """Ends a group for all its members, or takes a private chat off the actor's list until its next message.

    Raises NotFound for who is not a member, and Forbidden for who does not own the group.
    """
    values = {"user_id": actor.user_id, "chat_id": chat_id}
    deleted = settled(lambda: db.the(_Deleted, _DELETE, values, actor=actor))
    publish(events.chat_left(chat_id, version=deleted.version), to=deleted.changed_ids, group=push_group(chat_id))
    if deleted.personal is not None:
        tell_devices(actor, msgspec.json.decode(deleted.personal, type=ChatPersonal))


_CLEAR = "SELECT clear_deleted_chat(%(most)s) AS removed"


def sweep() -> int:
    """Takes away some of what deleted groups have left; answers how many rows."""
    return db.the(_Cleared, _CLEAR, {"most": _BITE}).removed
