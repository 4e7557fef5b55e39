"""Deleting: for everyone, which leaves a message its place and nothing else; or for oneself."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.realtime import events
from chalicelib.realtime.event_data import MessageDeleted
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import DeleteScope, Message, read_users


class _Outcome(Outcome, frozen=True, kw_only=True):
    chat_id: int | None
    seq: int | None
    member_ids: list[int]
    users: str | None
    head: str | None


class _Hidden(msgspec.Struct, frozen=True):
    chat_id: int
    seq: int
    is_story: bool
    is_new: bool
    users: str


# An edit in between has kept a text that this statement cannot see, and so makes it stale.
_FOR_EVERYONE = """
WITH target AS MATERIALIZED (
    SELECT a.message, a.chat, a.viewer FROM access_message(%(message_id)s, %(user_id)s) a
),
verdict AS MATERIALIZED (
    SELECT coalesce((
        SELECT CASE
            WHEN (t.message).message_type = 'system' THEN 'forbidden'
            WHEN (t.message).sender_id IS DISTINCT FROM %(user_id)s
                AND NOT ((t.chat).type = 'group' AND (t.viewer).role IN ('owner', 'admin')) THEN 'forbidden'
            WHEN (t.message).deleted_at IS NOT NULL THEN 'unchanged'
            ELSE 'allowed'
        END FROM target t
    ), 'not_found') AS verdict
),
touched AS (
    UPDATE chats c SET updated_at = c.updated_at FROM target t, verdict v
    WHERE c.id = (t.chat).id AND c.members_version = (t.chat).members_version AND v.verdict = 'allowed'
    RETURNING c.id, clock_timestamp() AS moment
),
deleted AS (
    UPDATE messages m SET content = '', attachments = '[]', forwarded_from = NULL, mentions = '{}', reactions = '{}',
        edited_at = NULL, pinned_at = NULL, expires_at = NULL, deleted_at = x.moment, deleted_by = %(user_id)s,
        updated_at = next_update(m, x.moment)
    FROM touched x, target t
    WHERE m.chat_id = x.id AND m.seq = (t.message).seq AND m.deleted_at IS NULL
        AND m.edited_at IS NOT DISTINCT FROM (t.message).edited_at
    RETURNING m.chat_id, m.seq, m.thread_id
),
files AS (
    DELETE FROM attachments a USING deleted d WHERE a.chat_id = d.chat_id AND a.seq = d.seq
),
earlier AS (
    DELETE FROM message_edits e USING deleted d WHERE e.chat_id = d.chat_id AND e.seq = d.seq
)
SELECT
    CASE WHEN v.verdict = 'allowed' AND d.seq IS NULL THEN 'stale' ELSE v.verdict END AS verdict, d.chat_id, d.seq,
    users_text(ARRAY[%(user_id)s::bigint]) AS users,
    array(SELECT m.user_id FROM members m WHERE m.chat_id = (SELECT d.chat_id FROM deleted d)) AS member_ids,
    CASE WHEN d.thread_id IS NOT NULL THEN (
        SELECT remove_reply(d.chat_id, d.thread_id, d.seq, t.viewer) FROM target t
    ) END AS head
FROM verdict v LEFT JOIN deleted d ON true
"""

# Without `access_message`, which would not find what is hidden already: this is safe to repeat.
_FOR_ME = """
WITH target AS MATERIALIZED (
    SELECT m.chat_id, m.seq, m.message_type = 'system' AS is_story
    FROM messages m JOIN members me ON me.chat_id = m.chat_id AND me.user_id = %(user_id)s
    WHERE m.id = %(message_id)s
),
hidden AS (
    INSERT INTO hidden_messages (user_id, chat_id, seq)
    SELECT %(user_id)s, t.chat_id, t.seq FROM target t WHERE NOT t.is_story
    ON CONFLICT DO NOTHING
    RETURNING seq
)
SELECT t.chat_id, t.seq, t.is_story, EXISTS (SELECT FROM hidden) AS is_new,
    users_text(ARRAY[%(user_id)s::bigint]) AS users FROM target t
"""


def delete(actor: Actor, message_id: int, scope: DeleteScope) -> None:
    """Deletes a message, once, and tells whom it concerns: every member, or the actor's own devices.

    Raises NotFound; and Forbidden for a system message, and for who would delete for everyone what others sent in
    a group that they do not own or administer.
    """
    if scope == "me":
        _for_me(actor, message_id)
    else:
        _for_everyone(actor, message_id)


def _for_everyone(actor: Actor, message_id: int) -> None:
    values = {"user_id": actor.user_id, "message_id": message_id}
    outcome = settled(lambda: db.the(_Outcome, _FOR_EVERYONE, values, actor=actor))
    if outcome.chat_id is not None and outcome.seq is not None:
        data = MessageDeleted(
            chat_id=outcome.chat_id,
            message_id=message_id,
            seq=outcome.seq,
            deleted_by=actor.user_id,
            scope="everyone",
        )
        event = events.message_deleted(data, users=read_users(outcome.users))
        publish(event, to=outcome.member_ids, group=f"chat:{outcome.chat_id}")
        if outcome.head is not None:
            head = msgspec.json.decode(outcome.head, type=Message)
            publish(events.message_updated(head), to=outcome.member_ids, group=f"chat:{outcome.chat_id}")


def _for_me(actor: Actor, message_id: int) -> None:
    row = db.one(_Hidden, _FOR_ME, {"user_id": actor.user_id, "message_id": message_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such message.")
    if row.is_story:
        raise Forbidden()
    if row.is_new:
        data = MessageDeleted(
            chat_id=row.chat_id, message_id=message_id, seq=row.seq, deleted_by=actor.user_id, scope="me"
        )
        event = events.message_deleted(data, users=read_users(row.users))
        publish(event, to=[actor.user_id], group=f"chat:{row.chat_id}")
