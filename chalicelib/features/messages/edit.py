"""Editing: one's own message gets another text, and what it said before stays readable."""

from datetime import datetime
from typing import Annotated

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import LimitedOutcome, settled_within
from chalicelib.features.messages.schemas import Edit, EditInput, EditList
from chalicelib.features.messages.text import clean
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Message, for_oneself


class Edited(msgspec.Struct, frozen=True, kw_only=True):
    """A message with its text as it is now, and what is left of its sender's allowance."""

    message: Message
    allowance: Allowance


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    message: str | None
    member_ids: list[int]


class _EditRow(msgspec.Struct, frozen=True):
    content: str | None
    edited_at: str | None
    at: datetime | None


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    at: Annotated[datetime, msgspec.Meta(tz=True)]


# The text that is kept is the one this statement saw: an edit or a deletion in between makes it stale.
_EDIT = """
WITH target AS MATERIALIZED (
    SELECT a.message, a.chat, a.viewer, coalesce(%(mentions)s::bigint[], (a.message).mentions) AS mentions
    FROM access_message(%(message_id)s, %(user_id)s) a
),
verdict AS MATERIALIZED (
    SELECT 'edits:' || %(user_id)s::bigint AS subject, coalesce((
        SELECT CASE
            WHEN (t.message).sender_id IS DISTINCT FROM %(user_id)s THEN 'forbidden'
            WHEN (t.message).message_type IN ('system', 'call') THEN 'forbidden'
            WHEN (t.message).deleted_at IS NOT NULL THEN 'deleted'
            -- It says whose words these are.
            WHEN (t.message).forwarded_from IS NOT NULL THEN 'forbidden'
            -- It says what was voted for.
            WHEN (t.message).details ->> 'poll' IS NOT NULL THEN 'forbidden'
            WHEN writing_refusal(t.chat, t.viewer) IS NOT NULL THEN writing_refusal(t.chat, t.viewer)
            WHEN %(blank)s AND (t.message).attachments = '[]' AND (t.message).details IS NULL THEN 'blank'
            WHEN cardinality(%(mentions)s::bigint[]) <> (
                SELECT count(*) FROM members m
                WHERE m.chat_id = (t.chat).id AND m.user_id = ANY(%(mentions)s::bigint[])
            ) THEN 'unknown_mention'
            WHEN (t.message).content = %(content)s AND (t.message).mentions = t.mentions THEN 'unchanged'
            ELSE 'allowed'
        END FROM target t
    ), 'not_found') AS verdict
),
allowance AS MATERIALIZED (
    SELECT a.* FROM verdict v, take_allowance(v.subject, %(burst)s, interval '1 minute') a
    WHERE v.verdict = 'allowed'
),
touched AS (
    UPDATE chats c SET updated_at = c.updated_at FROM target t, allowance a
    WHERE c.id = (t.chat).id AND c.members_version = (t.chat).members_version AND a.allowed
    RETURNING c.id, clock_timestamp() AS moment
),
edited AS (
    UPDATE messages m SET content = %(content)s, mentions = t.mentions, edited_at = next_update(m, x.moment),
        updated_at = next_update(m, x.moment)
    FROM touched x, target t
    WHERE m.chat_id = x.id AND m.seq = (t.message).seq AND m.deleted_at IS NULL
        AND m.edited_at IS NOT DISTINCT FROM (t.message).edited_at
    RETURNING m AS message, m.chat_id, m.seq, m.edited_at
),
kept AS (
    INSERT INTO message_edits (chat_id, seq, edited_at, content)
    SELECT e.chat_id, e.seq, e.edited_at, (t.message).content FROM edited e, target t
    WHERE (t.message).content <> %(content)s
)
SELECT
    CASE WHEN a.allowed AND NOT EXISTS (SELECT FROM edited) THEN 'stale' ELSE v.verdict END AS verdict,
    coalesce(a.allowed, true) AS allowed, a.remaining, coalesce(a.retry_after, 0) AS retry_after,
    (
        SELECT message_answer(coalesce(e.message, t.message), t.viewer)
        FROM target t LEFT JOIN edited e ON true
    ) AS message,
    array(SELECT m.user_id FROM members m WHERE m.chat_id = (SELECT e.chat_id FROM edited e)) AS member_ids
FROM verdict v LEFT JOIN allowance a ON true
"""

_EDITS = """
SELECT e.content, wire_time(e.edited_at) AS edited_at, e.edited_at AS at
FROM access_message(%(message_id)s, %(user_id)s) a LEFT JOIN LATERAL (
    SELECT * FROM message_edits e
    WHERE e.chat_id = (a.message).chat_id AND e.seq = (a.message).seq
        AND e.edited_at < coalesce(%(before)s::timestamptz, 'infinity')
    ORDER BY e.edited_at DESC LIMIT %(limit)s
) e ON true
ORDER BY e.edited_at DESC
"""


def policy() -> Policy:
    """How many changes of texts a user may make, by REST and by socket together."""
    return Policy(name="edits", quota=settings().edits)


def edit(actor: Actor, message_id: int, change: EditInput) -> Edited:
    """Gives a message of the actor's another text, once, and tells every device of every member.

    Raises NotFound, Forbidden for a copy, for a poll and for who did not send it or may not write here any more,
    Blocked, MessageIsDeleted, UnknownMention, RateLimited, and InvalidInput where nothing would be left of it.
    """
    content = clean(change.content)
    values = {
        "user_id": actor.user_id,
        "message_id": message_id,
        "content": content,
        "blank": not content.strip(),
        "mentions": None if change.mentions is None else list(dict.fromkeys(change.mentions)),
    }
    outcome = settled_within(policy(), lambda burst: db.the(_Outcome, _EDIT, {**values, "burst": burst}, actor=actor))
    if outcome.verdict == "blank":
        raise InvalidInput.at("content", "missing", "is required where there is nothing else")
    if outcome.message is None:
        raise LookupError("an edit answered no message")
    message = msgspec.json.decode(outcome.message, type=Message)
    if outcome.verdict == "allowed":
        publish(events.message_updated(message), to=outcome.member_ids, group=f"chat:{message.chat_id}")
    return Edited(message=for_oneself(message, actor.user_id), allowance=outcome)


def edits(actor: Actor, message_id: int, page: paging.Page) -> EditList:
    """One page of what a message said before its edits, the newest first. Raises NotFound."""
    after = paging.read_cursor(page.cursor, _Key)
    values = {
        "user_id": actor.user_id,
        "message_id": message_id,
        "before": after.at if after else None,
        "limit": page.limit + 1,
    }
    rows = db.many(_EditRow, _EDITS, values, actor=actor)
    if not rows:
        raise NotFound("There is no such message.")
    found = [
        (Edit(content=row.content, edited_at=row.edited_at), row.at)
        for row in rows
        if row.content is not None and row.edited_at is not None and row.at is not None
    ]
    found, has_more = paging.cut(found, page.limit, lambda item: len(item[0].content.encode()))
    return EditList(
        edits=[one for one, _ in found],
        has_more=has_more,
        next_cursor=paging.write_cursor(found[-1][1]) if has_more else None,
    )
