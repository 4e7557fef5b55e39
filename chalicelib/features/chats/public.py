"""Public groups: found by what is in their names, and shown to those who are not in them."""

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.ratelimit import Allowance, headers, refuse_unless_allowed, searches
from chalicelib.features.chats.schemas import ChatPreview, PublicChatList, PublicChatQuery


class _Found(Allowance, frozen=True, kw_only=True):
    chats: str


class _Preview(msgspec.Struct, frozen=True):
    preview: str


_NEWEST = """
WITH allowance AS MATERIALIZED (
    SELECT * FROM take_allowance('search:' || %(user_id)s::bigint, %(burst)s, interval '1 minute')
)
SELECT a.allowed, a.remaining, a.retry_after, coalesce((
    SELECT json_agg(chat_preview_json(page.chat, %(user_id)s)) FROM (
        SELECT c AS chat FROM chats c
        WHERE a.allowed AND c.is_public AND c.id < %(before)s
        ORDER BY c.id DESC LIMIT %(limit)s
    ) page
), '[]')::text AS chats
FROM allowance a
"""

# What is common fills the page from the next two thousand groups. What does not is rare, and is looked up by its
# trigrams. The planner does not get to see the word: for two letters it would rather walk through every group.
_NAMED = """
WITH allowance AS MATERIALIZED (
    SELECT * FROM take_allowance('search:' || %(user_id)s::bigint, %(burst)s, interval '1 minute')
),
near AS MATERIALIZED (
    SELECT next.chat_id AS id FROM (
        SELECT p.chat_id, p.name FROM public_names p
        WHERE (SELECT allowed FROM allowance) AND p.chat_id < %(before)s
        ORDER BY p.chat_id DESC LIMIT 2000
    ) next
    WHERE next.name LIKE (SELECT folded(%(pattern)s))
    ORDER BY next.chat_id DESC LIMIT %(limit)s
),
far AS MATERIALIZED (
    SELECT p.chat_id AS id FROM public_names p
    WHERE (SELECT allowed FROM allowance) AND (SELECT count(*) FROM near) < %(limit)s
        AND p.chat_id < %(before)s AND p.name LIKE (SELECT folded(%(pattern)s))
)
SELECT a.allowed, a.remaining, a.retry_after, coalesce((
    SELECT json_agg(chat_preview_json(c, %(user_id)s) ORDER BY c.id DESC)
    FROM (SELECT id FROM near UNION SELECT id FROM far ORDER BY id DESC LIMIT %(limit)s) page
    JOIN chats c ON c.id = page.id
), '[]')::text AS chats
FROM allowance a
"""


def find(actor: Actor, query: PublicChatQuery) -> tuple[PublicChatList, dict[str, str]]:
    """A page of public groups, the newest first, with the RateLimit headers. Raises RateLimited."""
    policy = searches()
    before = paging.read_cursor(query.cursor, tuple[Id])
    values = {
        "user_id": actor.user_id,
        "before": before[0] if before else MAX_ID,
        "limit": query.limit + 1,
        "burst": policy.burst,
    }
    if query.q is None:
        found = db.the(_Found, _NEWEST, values, actor=actor)
    else:
        found = db.the(_Found, _NAMED, {**values, "pattern": _pattern(query.q)}, actor=actor)
    refuse_unless_allowed(policy, found)
    chats, has_more = paging.cut(msgspec.json.decode(found.chats, type=list[ChatPreview]), query.limit)
    cursor = paging.write_cursor(chats[-1].id) if has_more else None
    return PublicChatList(chats=chats, has_more=has_more, next_cursor=cursor), headers(policy, found)


_PREVIEW = """
SELECT chat_preview_json(c, %(user_id)s)::text AS preview FROM chats c WHERE c.id = %(chat_id)s AND c.is_public
"""


def preview(actor: Actor, chat_id: int) -> ChatPreview:
    """What everybody may know of a public group. Raises NotFound for any other chat."""
    row = db.one(_Preview, _PREVIEW, {"user_id": actor.user_id, "chat_id": chat_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    return msgspec.json.decode(row.preview, type=ChatPreview)


def _pattern(q: str) -> str:
    """Fewer than three characters are looked for where words begin: the trigram index knows no shorter piece."""
    return f"%{db.pattern_of(q)}%" if len(q) >= 3 else f"% {db.pattern_of(q)}%"
