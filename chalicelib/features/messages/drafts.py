"""Drafts: what a user has begun to write in a chat, the same on all their devices."""

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import Id
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.features.messages.schemas import Draft, DraftInput, DraftList
from chalicelib.features.messages.text import clean
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish


class _Kept(Outcome, frozen=True, kw_only=True):
    content: str | None
    reply_to: int | None
    updated_at: str | None


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    chat_id: Id


# An empty draft stays as a row, since other devices must learn of it by sync. Of two devices that write at once the
# second one holds, and has the later time.
_SET = """
WITH verdict AS MATERIALIZED (
    SELECT CASE
        WHEN NOT EXISTS (
            SELECT FROM members me WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
        ) THEN 'not_found'
        WHEN %(reply_to)s::bigint IS NOT NULL AND NOT EXISTS (
            SELECT FROM messages m WHERE m.id = %(reply_to)s AND m.chat_id = %(chat_id)s
        ) THEN 'unknown_reply'
        ELSE 'allowed'
    END AS verdict
),
kept AS (
    INSERT INTO drafts AS d (user_id, chat_id, content, reply_to, updated_at)
    SELECT %(user_id)s, %(chat_id)s, %(content)s, %(reply_to)s, clock_timestamp() FROM verdict
    WHERE verdict = 'allowed'
    ON CONFLICT (user_id, chat_id) DO UPDATE SET content = excluded.content, reply_to = excluded.reply_to,
        updated_at = greatest(clock_timestamp(), d.updated_at + interval '1 millisecond')
    RETURNING d.content, d.reply_to, wire_time(d.updated_at) AS updated_at
)
SELECT v.verdict, k.content, k.reply_to, k.updated_at FROM verdict v LEFT JOIN kept k ON true
"""

_ONE = """
SELECT me.chat_id, coalesce(d.content, '') AS content, d.reply_to, wire_time(d.updated_at) AS updated_at
FROM members me LEFT JOIN drafts d ON d.chat_id = me.chat_id AND d.user_id = me.user_id
WHERE me.chat_id = %(chat_id)s AND me.user_id = %(user_id)s
"""

_LIST = """
SELECT d.chat_id, d.content, d.reply_to, wire_time(d.updated_at) AS updated_at
FROM drafts d JOIN members me ON me.chat_id = d.chat_id AND me.user_id = d.user_id
WHERE d.user_id = %(user_id)s AND d.chat_id > %(after)s AND d.content <> ''
ORDER BY d.chat_id
LIMIT %(limit)s
"""


def set_draft(actor: Actor, chat_id: int, draft: DraftInput) -> Draft:
    """Keeps what the actor has begun to write in a chat, and tells their own devices; without content it is given up.

    Raises NotFound for who is not a member, UnknownReply.
    """
    content = clean(draft.content)
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "content": content,
        "reply_to": draft.reply_to if content else None,
    }
    kept = settled(lambda: db.the(_Kept, _SET, values, actor=actor))
    if kept.content is None or kept.updated_at is None:
        raise LookupError("a draft that was kept did not come back")
    event = events.draft_updated(
        user_id=actor.user_id,
        chat_id=chat_id,
        content=kept.content,
        reply_to=kept.reply_to,
        updated_at=kept.updated_at,
    )
    publish(event, to=[actor.user_id], group=f"user:{actor.user_id}")
    return Draft(chat_id=chat_id, content=kept.content, reply_to=kept.reply_to, updated_at=kept.updated_at)


def draft_of(actor: Actor, chat_id: int) -> Draft:
    """The actor's draft in a chat, an empty one where there is none. Raises NotFound for who is not a member."""
    draft = db.one(Draft, _ONE, {"user_id": actor.user_id, "chat_id": chat_id}, actor=actor)
    if draft is None:
        raise NotFound("There is no such chat.")
    return draft


def drafts(actor: Actor, page: paging.Page) -> DraftList:
    """One page of the actor's drafts that are not empty, by the chat's id."""
    after = paging.read_cursor(page.cursor, _Key)
    values = {"user_id": actor.user_id, "after": after.chat_id if after else 0, "limit": page.limit + 1}
    found = db.many(Draft, _LIST, values, actor=actor)
    found, has_more = paging.cut(found, page.limit, lambda draft: len(draft.content.encode()))
    return DraftList(
        drafts=found,
        has_more=has_more,
        next_cursor=paging.write_cursor(found[-1].chat_id) if has_more else None,
    )
