"""Search: words, by stem and by their beginnings, in the messages that the caller may see.

The index keeps the words of each chat apart, so that a search costs what matches in the caller's own chats, and
nothing for what is said in all the others.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.ratelimit import Allowance, headers, refuse_unless_allowed, searches
from chalicelib.features.messages.schemas import MessageList
from chalicelib.realtime.shapes import Message, MessageType


class MessageSearchQuery(paging.Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to look for, and where. `since` and `until` bound the time of sending."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    chat_id: Id | None = None
    sender_id: Id | None = None
    message_type: MessageType | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    order: Literal["newest", "rank"] = "newest"


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    rank: float
    message_id: Id


class _Found(Allowance, frozen=True, kw_only=True):
    matches: str


class _Match(msgspec.Struct, frozen=True):
    rank: float
    message: Message


# A message's id grows with its seq within a chat, so both orders are one. By rank, the newest thousand are compared.
_SEARCH = """
WITH allowance AS MATERIALIZED (
    SELECT * FROM take_allowance('search:' || %(user_id)s::bigint, %(burst)s, interval '1 minute')
),
asked AS MATERIALIZED (
    SELECT me AS viewer, me.chat_id, query_of_chat(me.chat_id, lexemes_of(%(q)s)) AS words
    FROM allowance, members me
    WHERE allowance.allowed AND me.user_id = %(user_id)s
        AND (%(chat_id)s::bigint IS NULL OR me.chat_id = %(chat_id)s)
),
matches AS (
    SELECT found.message, asked.viewer, CASE %(order)s
        WHEN 'rank' THEN ts_rank((found.message).searched, asked.words)::float8 ELSE 0
    END AS rank
    FROM asked, LATERAL (
        SELECT m AS message FROM messages m
        WHERE m.searched @@ asked.words
            AND (%(order)s = 'rank' OR m.id < %(before_id)s)
            AND (%(sender_id)s::bigint IS NULL OR m.sender_id = %(sender_id)s)
            AND (%(message_type)s::text IS NULL OR m.message_type = %(message_type)s)
            AND (%(since)s::timestamptz IS NULL OR m.created_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR m.created_at < %(until)s)
            AND (m.expires_at IS NULL OR m.expires_at > now())
            AND NOT EXISTS (
                SELECT FROM hidden_messages h
                WHERE h.user_id = %(user_id)s AND h.chat_id = m.chat_id AND h.seq = m.seq
            )
        ORDER BY m.seq DESC LIMIT CASE %(order)s WHEN 'rank' THEN 1000 ELSE %(limit)s END
    ) found
),
page AS (
    SELECT message, viewer, rank FROM matches
    WHERE %(order)s = 'newest' OR (rank, (message).id) < (%(before_rank)s, %(before_id)s)
    ORDER BY rank DESC, (message).id DESC LIMIT %(limit)s
)
SELECT a.allowed, a.remaining, a.retry_after, (
    SELECT coalesce(json_agg(json_build_object(
        'rank', p.rank, 'message', message_json_for(p.message, p.viewer)
    ) ORDER BY p.rank DESC, (p.message).id DESC), '[]')::text FROM page p
) AS matches
FROM allowance a
"""


def search(actor: Actor, query: MessageSearchQuery) -> tuple[MessageList, dict[str, str]]:
    """One page of matches, the newest or the best first, with the RateLimit headers.

    Raises RateLimited, and InvalidInput for a query without words.
    """
    if not any(character.isalnum() for character in query.q):
        raise InvalidInput.at("q", "wrong_form", "must have a letter or a digit")
    after = paging.read_cursor(query.cursor, _Key) or _Key(float("inf"), MAX_ID)
    policy = searches()
    values = {
        **msgspec.structs.asdict(query),
        "user_id": actor.user_id,
        "burst": policy.burst,
        "before_rank": after.rank,
        "before_id": after.message_id,
        "limit": query.limit + 1,
    }
    # What is rare and what is common want different plans.
    [found] = db.many(_Found, _SEARCH, values, actor=actor, plan_anew=True)
    refuse_unless_allowed(policy, found)
    matches, has_more = paging.cut(msgspec.json.decode(found.matches, type=list[_Match]), query.limit)
    page = MessageList(
        messages=[match.message for match in matches],
        has_more=has_more,
        next_cursor=paging.write_cursor(matches[-1].rank, matches[-1].message.id) if has_more else None,
    )
    return page, headers(policy, found)
