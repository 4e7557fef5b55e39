"""Deleting: for everyone, which leaves a message its place and nothing else; or for oneself."""

import msgspec

from chalicelib.core import context, db
from chalicelib.core.context import Actor
from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.realtime import events
from chalicelib.realtime.event_data import MessageDeleted
from chalicelib.realtime.publish import publish_updated, publish_with
from chalicelib.realtime.shapes import DeleteScope, read_users
from chalicelib.realtime.vocabularies import Aside, read_unread


class _Outcome(Outcome, frozen=True, kw_only=True):
    chat_id: int | None
    seq: int | None
    member_ids: list[int]
    users: str | None
    head: str | None
    last: str | None
    unread: str | None


class _Hidden(msgspec.Struct, frozen=True):
    chat_id: int
    seq: int
    is_story: bool
    is_new: bool
    users: str
    last: str | None
    unread: str | None


# An edit in between has kept a text that this statement cannot see, and so makes it stale.
_FOR_EVERYONE = """
WITH target AS MATERIALIZED (
    SELECT a.message, a.chat, a.viewer FROM access_message(%(message_id)s, %(user_id)s) a
),
verdict AS MATERIALIZED (
    SELECT coalesce((
        SELECT CASE
            WHEN (t.message).message_type IN ('system', 'call') THEN 'forbidden'
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
    ) END AS head,
    CASE WHEN d.seq IS NOT NULL THEN (SELECT newest_left(d.chat_id, d.seq, t.viewer) FROM target t) END AS last,
    CASE WHEN d.seq IS NOT NULL AND %(counts)s THEN unread_by_member(d.chat_id, d.seq) END AS unread
FROM verdict v LEFT JOIN deleted d ON true
"""

# Without `access_message`, which would not find what is hidden already: this is safe to repeat.
_FOR_ME = """
WITH target AS MATERIALIZED (
    SELECT m.chat_id, m.seq, m.message_type = 'system' AS is_story, me AS viewer
    FROM messages m JOIN members me ON me.chat_id = m.chat_id AND me.user_id = %(user_id)s
    WHERE m.id = %(message_id)s
),
hidden AS (
    INSERT INTO hidden_messages (user_id, chat_id, seq)
    SELECT %(user_id)s, t.chat_id, t.seq FROM target t WHERE NOT t.is_story
    ON CONFLICT DO NOTHING
    RETURNING seq
)
SELECT t.chat_id, t.seq, t.is_story, h.seq IS NOT NULL AS is_new,
    users_text(ARRAY[%(user_id)s::bigint]) AS users,
    CASE WHEN h.seq IS NOT NULL THEN newest_left(t.chat_id, t.seq, t.viewer) END AS last,
    CASE WHEN h.seq IS NOT NULL AND %(counts)s THEN unread_by_member(t.chat_id, t.seq) END AS unread
FROM target t LEFT JOIN hidden h ON true
"""


def delete(actor: Actor, message_id: int, scope: DeleteScope) -> None:
    """Deletes a message, once, and tells whom it concerns: every member, or the actor's own devices.

    Raises NotFound; and Forbidden for a system message, for a call, which one deletes for oneself alone, and for who
    would delete for everyone what others sent in a group that they do not own or administer.
    """
    if scope == "me":
        _for_me(actor, message_id)
    else:
        _for_everyone(actor, message_id)


def _for_everyone(actor: Actor, message_id: int) -> None:
    values = {"user_id": actor.user_id, "message_id": message_id, "counts": context.wants("unread")}
    _tell(actor, message_id, settled(lambda: db.the(_Outcome, _FOR_EVERYONE, values, actor=actor)))


_REMOVE = """
SELECT * FROM remove_message(%(message_id)s, %(user_id)s, %(reason)s, %(counts)s, %(address)s, %(request_id)s)
"""


def remove(actor: Actor, message_id: int, reason: str) -> None:
    """Deletes a message for everyone as a moderator, who need not be in its chat; again is as once.

    Raises NotFound, and Forbidden for a system message, a call, and for whoever the actor may not act on.
    """
    asked = {"user_id": actor.user_id, "message_id": message_id, "reason": reason}
    values = asked | {"counts": context.wants("unread"), **context.origin()}
    _tell(actor, message_id, settled(lambda: db.the(_Outcome, _REMOVE, values, actor=actor)))


def _tell(actor: Actor, message_id: int, outcome: _Outcome) -> None:
    if outcome.chat_id is not None and outcome.seq is not None:
        data = MessageDeleted(
            chat_id=outcome.chat_id,
            message_id=message_id,
            seq=outcome.seq,
            deleted_by=actor.user_id,
            scope="everyone",
        )
        event = events.message_deleted(data, users=read_users(outcome.users))
        publish_with(_left(outcome), event, to=outcome.member_ids, group=f"chat:{outcome.chat_id}")
        if outcome.head is not None:
            publish_updated(outcome.head, to=outcome.member_ids)


def _for_me(actor: Actor, message_id: int) -> None:
    values = {"user_id": actor.user_id, "message_id": message_id, "counts": context.wants("unread")}
    row = db.one(_Hidden, _FOR_ME, values, actor=actor)
    if row is None:
        raise NotFound("There is no such message.")
    if row.is_story:
        raise Forbidden()
    if row.is_new:
        data = MessageDeleted(
            chat_id=row.chat_id, message_id=message_id, seq=row.seq, deleted_by=actor.user_id, scope="me"
        )
        event = events.message_deleted(data, users=read_users(row.users))
        publish_with(_left(row), event, to=[actor.user_id], group=f"chat:{row.chat_id}")


def _left(row: _Outcome | _Hidden) -> Aside:
    """What is left in the chat."""
    last = msgspec.json.decode(row.last) if row.last is not None else None
    return Aside(unread=read_unread(row.unread), last_message=last)
