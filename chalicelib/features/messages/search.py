"""Search: words, by stem and by their beginnings, in the messages that the caller may see.

What a word is, the SQL functions `search_words` (in messages) and `search_terms` (in what is looked for) say.

The index keeps the words of each chat apart, so that a search costs what matches in the caller's own chats, and
nothing for what is said in all the others. A new message is indexed some seconds later (indexing.py): until then a
search reads it itself.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.ratelimit import Allowance, headers, refuse_unless_allowed, searches
from chalicelib.features.messages.snippets import FoundMessages, with_snippet, words_in
from chalicelib.realtime.shapes import Message, MessageType, bare, people_of


class MessageSearchQuery(paging.Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to look for, and where. `since` and `until` bound the time of sending."""

    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    chat_id: Id | None = None
    sender_id: Id | None = None
    message_type: MessageType | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    order: Annotated[Literal["newest", "rank"], msgspec.Meta(title="SearchOrder")] = "newest"


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    rank: float
    message_id: Id


class _Match(msgspec.Struct, frozen=True):
    rank: float
    message: Message


class _Found(Allowance, frozen=True, kw_only=True):
    terms: str | None
    matches: str
    is_settled: bool


# Two ways lead to the newest matches. The index knows them all, in no order, which is good for a rare word. Going
# back through the newest messages soon meets a common one. Nobody knows beforehand which it is: each try allows both
# ways so many messages for every match that is wanted, and the last one reads the index to its end.
_EFFORTS = (20, 320, None)
# By rank, so many of the newest matches are compared.
_RANKED = 1_000

# A message's id grows with its seq within a chat, so both orders are one. The chats share what may be gone back
# through, once evenly, once by their lengths, and once by how lately somebody wrote in them, the second half as much
# as the first: some are long and quiet, some short and busy, and most of what is new is said in few of them. Whatever
# is newer than the newest place where that ends has been met, in whichever chat it is.
_SEARCH = """
WITH allowance AS MATERIALIZED (
    SELECT * FROM take_allowance('search:' || %(user_id)s::bigint, %(burst)s, interval '1 minute')
),
typed AS MATERIALIZED (
    SELECT search_terms(%(q)s) AS terms FROM allowance WHERE allowed
),
asked AS MATERIALIZED (
    SELECT me AS viewer, me.chat_id, query_in_chat(me.chat_id, typed.terms) AS words
    FROM typed, members me
    WHERE typed.terms IS NOT NULL AND me.user_id = %(user_id)s
        AND (%(chat_id)s::bigint IS NULL OR me.chat_id = %(chat_id)s)
),
indexed AS MATERIALIZED (
    SELECT m.chat_id, m.seq, m.id, m.sender_id, m.message_type, m.created_at, m.expires_at
    FROM asked JOIN messages m ON m.searched @@ asked.words
    LIMIT %(most)s::bigint + 1
),
common AS MATERIALIZED (
    SELECT FROM indexed HAVING count(*) > %(most)s::bigint
),
lengths AS (
    SELECT asked.chat_id, asked.words, c.last_message_at, coalesce(before.seq - 1, c.last_seq) AS last_seq
    FROM asked JOIN chats c ON c.id = asked.chat_id
    LEFT JOIN messages before ON before.id = %(before_id)s AND before.chat_id = asked.chat_id
    WHERE EXISTS (SELECT FROM common)
),
walks AS MATERIALIZED (
    SELECT chat_id, words, last_seq, last_seq
        - ceil(%(most)s::numeric / count(*) OVER ())::bigint
        - ceil(%(most)s::numeric * last_seq / sum(last_seq) OVER ())::bigint
        -- 1 + 1/2 + … + 1/n is at most 1 + ln n.
        - ceil(
            %(most)s::numeric / (1 + ln(count(*) OVER ())) / row_number() OVER (ORDER BY last_message_at DESC)
        )::bigint AS after_seq
    FROM lengths WHERE last_seq > 0
),
walked AS MATERIALIZED (
    SELECT walk.* FROM walks, LATERAL (
        SELECT m.chat_id, m.seq, m.id, m.sender_id, m.message_type, m.created_at, m.expires_at,
            m.searched @@ walks.words AS has_words
        FROM messages m
        WHERE m.chat_id = walks.chat_id AND m.seq > walks.after_seq AND m.seq <= walks.last_seq
        -- Each chat is gone through by itself: for many chats, or a table that it knows nothing of, the planner would
        -- rather read everybody's messages.
        OFFSET 0
    ) walk
),
-- A walk that came to its chat's first message leaves nothing unseen.
complete AS MATERIALIZED (
    SELECT coalesce(max(walk.first_id), 0) AS from_id
    FROM (SELECT min(id) AS first_id FROM walked GROUP BY chat_id HAVING min(seq) > 1) walk
),
-- What is not indexed yet: neither way finds it.
unindexed AS MATERIALIZED (
    SELECT m.chat_id, m.seq, m.id, m.sender_id, m.message_type, m.created_at, m.expires_at
    FROM asked JOIN unindexed_messages u ON u.chat_id = asked.chat_id
    JOIN messages m ON m.chat_id = u.chat_id AND m.seq = u.seq
    WHERE words_of_chat(m.chat_id, message_words(m.content, m.details, m.attachments)) @@ asked.words
),
found AS (
    SELECT * FROM indexed WHERE NOT EXISTS (SELECT FROM common)
    UNION ALL
    SELECT chat_id, seq, id, sender_id, message_type, created_at, expires_at FROM walked
    WHERE has_words AND id >= (SELECT from_id FROM complete)
    UNION ALL
    SELECT * FROM unindexed WHERE id >= (SELECT from_id FROM complete)
),
matches AS MATERIALIZED (
    SELECT f.chat_id, f.seq FROM found f
    WHERE f.id < %(before_id)s
        AND (%(sender_id)s::bigint IS NULL OR f.sender_id = %(sender_id)s)
        AND (%(message_type)s::text IS NULL OR f.message_type = %(message_type)s)
        AND (%(since)s::timestamptz IS NULL OR f.created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR f.created_at < %(until)s)
        AND (f.expires_at IS NULL OR f.expires_at > now())
        AND NOT EXISTS (
            SELECT FROM hidden_messages h WHERE h.user_id = %(user_id)s AND h.chat_id = f.chat_id AND h.seq = f.seq
        )
    ORDER BY f.id DESC LIMIT %(wanted)s
),
page AS (
    SELECT ranked.* FROM (
        SELECT m AS message, asked.viewer, CASE %(order)s
            WHEN 'rank' THEN ts_rank(
                coalesce(m.searched, words_of_chat(m.chat_id, message_words(m.content, m.details, m.attachments))),
                asked.words
            )::float8
            ELSE 0
        END AS rank
        FROM matches JOIN messages m USING (chat_id, seq) JOIN asked USING (chat_id)
    ) ranked
    WHERE %(order)s = 'newest' OR (rank, (message).id) < (%(after_rank)s, %(after_id)s)
    ORDER BY rank DESC, (message).id DESC LIMIT %(limit)s
)
SELECT a.allowed, a.remaining, a.retry_after, typed.terms,
    NOT EXISTS (SELECT FROM common) OR (SELECT from_id FROM complete) = 0
        OR (SELECT count(*) FROM matches) = %(wanted)s AS is_settled,
    (
        SELECT coalesce(json_agg(json_build_object(
            'rank', p.rank, 'message', message_answer(p.message, p.viewer)::json
        ) ORDER BY p.rank DESC, (p.message).id DESC), '[]')::text FROM page p
    ) AS matches
FROM allowance a LEFT JOIN typed ON true
"""


def search(actor: Actor, query: MessageSearchQuery) -> tuple[FoundMessages, dict[str, str]]:
    """One page of matches, the newest or the best first, with the RateLimit headers.

    Raises RateLimited, and InvalidInput for a query without words.
    """
    after = paging.read_cursor(query.cursor, _Key) or _Key(float("inf"), MAX_ID)
    by_rank = query.order == "rank"
    wanted = _RANKED if by_rank else query.limit + 1
    policy = searches()
    values = {
        **msgspec.structs.asdict(query),
        "user_id": actor.user_id,
        "before_id": MAX_ID if by_rank else after.message_id,
        "after_rank": after.rank,
        "after_id": after.message_id,
        "wanted": wanted,
        "limit": query.limit + 1,
    }
    allowance = found = _try(actor, values, _EFFORTS[0], policy.burst)
    refuse_unless_allowed(policy, allowance)
    if allowance.terms is None:
        raise InvalidInput.at("q", "wrong_form", "must have a letter, a digit or an emoji")
    for effort in _EFFORTS[1:]:
        if found.is_settled:
            break
        # The same search still, which takes no more from the allowance.
        found = _try(actor, values, effort, None)
    matches, has_more = paging.cut(msgspec.json.decode(found.matches, type=list[_Match]), query.limit)
    looked_for = words_in(allowance.terms)
    page = FoundMessages(
        messages=[with_snippet(bare(match.message), looked_for) for match in matches],
        users=people_of(match.message for match in matches),
        has_more=has_more,
        next_cursor=paging.write_cursor(matches[-1].rank, matches[-1].message.id) if has_more else None,
    )
    return page, headers(policy, allowance)


def _try(actor: Actor, values: dict[str, Any], effort: int | None, burst: int | None) -> _Found:
    most = effort and effort * values["wanted"]
    # What is rare and what is common want different plans.
    [found] = db.many(_Found, _SEARCH, {**values, "most": most, "burst": burst}, actor=actor, plan_anew=True)
    return found
