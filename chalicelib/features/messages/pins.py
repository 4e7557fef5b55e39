"""Pins: the messages that a chat keeps at hand."""

from datetime import datetime
from typing import Annotated

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import Seq
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.features.messages import story
from chalicelib.features.messages.schemas import MessageList
from chalicelib.realtime.publish import publish_updated
from chalicelib.realtime.shapes import Message, bare, for_oneself, people_of


class _Outcome(Outcome, frozen=True, kw_only=True):
    message: str | None
    told: str | None
    story: str | None
    member_ids: list[int]


class _PinRow(msgspec.Struct, frozen=True):
    message: str | None
    seq: int | None
    at: datetime | None


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After which pin a list goes on."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    seq: Seq


_PIN = """
WITH target AS MATERIALIZED (
    SELECT a.message, a.chat, a.viewer FROM access_message(%(message_id)s, %(user_id)s) a
),
verdict AS MATERIALIZED (
    SELECT coalesce((
        SELECT CASE
            WHEN (t.chat).type = 'group' AND (t.viewer).role NOT IN ('owner', 'admin') THEN 'forbidden'
            WHEN ((t.message).pinned_at IS NOT NULL) = %(wanted)s THEN 'unchanged'
            WHEN (t.message).deleted_at IS NOT NULL THEN 'deleted'
            WHEN (t.message).message_type IN ('system', 'call') THEN 'forbidden'
            WHEN writing_refusal(t.chat, t.viewer) IS NOT NULL THEN writing_refusal(t.chat, t.viewer)
            ELSE 'allowed'
        END FROM target t
    ), 'not_found') AS verdict
),
touched AS (
    UPDATE chats c SET updated_at = c.updated_at FROM target t, verdict v
    WHERE c.id = (t.chat).id AND c.members_version = (t.chat).members_version AND v.verdict = 'allowed'
    RETURNING c.id, clock_timestamp() AS moment
),
pinned AS (
    UPDATE messages m SET pinned_at = CASE WHEN %(wanted)s THEN x.moment END, updated_at = next_update(m, x.moment)
    FROM touched x, target t
    WHERE m.chat_id = x.id AND m.seq = (t.message).seq AND m.deleted_at IS NULL
        AND (m.pinned_at IS NOT NULL) <> %(wanted)s
    RETURNING m AS message, m.chat_id, m.sender_id
)
SELECT
    CASE WHEN v.verdict = 'allowed' AND NOT EXISTS (SELECT FROM pinned) THEN 'stale' ELSE v.verdict END AS verdict,
    (
        SELECT message_answer(coalesce(p.message, t.message), t.viewer)
        FROM target t LEFT JOIN pinned p ON true
    ) AS message,
    (SELECT message_told(p.message, t.viewer) FROM target t, pinned p) AS told,
    (
        SELECT store_system_message(
            p.chat_id, %(user_id)s, jsonb_build_object('action', 'pinned', 'messageId', (p.message).id), NULL
        )
        FROM target t, pinned p WHERE %(wanted)s AND (t.chat).type = 'group'
    ) AS story,
    array(SELECT m.user_id FROM members m WHERE m.chat_id = (SELECT p.chat_id FROM pinned p)) AS member_ids
FROM verdict v
"""

_PINS = """
SELECT message_answer(p.message, me) AS message, (p.message).seq, (p.message).pinned_at AS at
FROM members me LEFT JOIN LATERAL (
    SELECT m.message FROM shown_messages(me.user_id) m
    WHERE m.chat_id = me.chat_id AND (m.message).pinned_at IS NOT NULL
        AND ((m.message).pinned_at, m.seq) < (coalesce(%(at)s::timestamptz, 'infinity'), coalesce(%(seq)s::bigint, 0))
    ORDER BY (m.message).pinned_at DESC, m.seq DESC LIMIT %(limit)s
) p ON true
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
ORDER BY (p.message).pinned_at DESC, (p.message).seq DESC
"""


def pin(actor: Actor, message_id: int, *, remove: bool = False) -> Message:
    """Pins a message or takes it down, once, and tells every device of every member.

    Either member of a private chat may, and a group's owners and admins. Raises NotFound, Forbidden, Blocked and
    MessageIsDeleted.
    """
    values = {"user_id": actor.user_id, "message_id": message_id, "wanted": not remove}
    outcome = settled(lambda: db.the(_Outcome, _PIN, values, actor=actor))
    if outcome.message is None:
        raise LookupError("a pin answered no message")
    message = msgspec.json.decode(outcome.message, type=Message)
    if outcome.told is not None:
        publish_updated(outcome.told, to=outcome.member_ids)
    story.tell(outcome.story, outcome.member_ids)
    return for_oneself(message, actor.user_id)


def pins(actor: Actor, chat_id: int, page: paging.Page) -> MessageList:
    """One page of a chat's pinned messages, the last pinned first. Raises NotFound for who is not a member."""
    after = paging.read_cursor(page.cursor, _Key)
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "at": after.at if after else None,
        "seq": after.seq if after else None,
        "limit": page.limit + 1,
    }
    rows = db.many(_PinRow, _PINS, values, actor=actor)
    if not rows:
        raise NotFound("There is no such chat.")
    found = [
        (msgspec.json.decode(row.message, type=Message), row.at)
        for row in rows
        if row.message is not None and row.at is not None
    ]
    found, has_more = paging.cut(found, page.limit, lambda item: len(msgspec.json.encode(item[0])))
    last, at = found[-1] if found else (None, None)
    return MessageList(
        messages=[bare(message) for message, _ in found],
        users=people_of(message for message, _ in found),
        has_more=has_more,
        next_cursor=paging.write_cursor(at, last.seq) if has_more and last and at else None,
    )
