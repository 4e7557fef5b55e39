"""Reactions: who said what to a message by one emoji."""

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import LimitedOutcome, settled_within
from chalicelib.features.messages.emoji import qualified
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import ReactionSummary

# More kinds than this on one message tell nobody anything.
MOST_KINDS = 20


class Reacted(msgspec.Struct, frozen=True, kw_only=True):
    """A message's reactions as they are now, and what is left of the allowance of who reacted."""

    reactions: ReactionSummary
    allowance: Allowance


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    reactions: str | None
    member_ids: list[int]


# What is written is made from the row as it stands when its turn comes, so that no other user's reaction is lost.
_REACT = """
WITH target AS MATERIALIZED (
    SELECT a.message, a.chat, a.viewer,
        with_reaction((a.message).reactions, %(emoji)s, %(user_id)s, %(wanted)s) AS reactions
    FROM access_message(%(message_id)s, %(user_id)s) a
),
verdict AS MATERIALIZED (
    SELECT 'reactions:' || %(user_id)s::bigint AS subject, coalesce((
        SELECT CASE
            WHEN t.reactions = (t.message).reactions THEN 'unchanged'
            WHEN (t.message).message_type IN ('system', 'call') THEN 'forbidden'
            WHEN (t.message).deleted_at IS NOT NULL THEN 'deleted'
            WHEN %(wanted)s AND writing_refusal(t.chat, t.viewer) IN ('blocked', 'request_declined')
                THEN writing_refusal(t.chat, t.viewer)
            WHEN (SELECT count(*) FROM jsonb_object_keys(t.reactions)) > %(most)s THEN 'too_many_reactions'
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
reacted AS (
    UPDATE messages m SET reactions = with_reaction(m.reactions, %(emoji)s, %(user_id)s, %(wanted)s),
        updated_at = next_update(m, x.moment)
    FROM touched x, target t
    WHERE m.chat_id = x.id AND m.seq = (t.message).seq AND m.deleted_at IS NULL AND (
        SELECT count(*) FROM jsonb_object_keys(with_reaction(m.reactions, %(emoji)s, %(user_id)s, %(wanted)s))
    ) <= %(most)s
    RETURNING m AS message, m.chat_id
)
SELECT
    CASE WHEN a.allowed AND NOT EXISTS (SELECT FROM reacted) THEN 'stale' ELSE v.verdict END AS verdict,
    coalesce(a.allowed, true) AS allowed, a.remaining, coalesce(a.retry_after, 0) AS retry_after,
    (
        SELECT with_users(json_build_object(
            'chatId', (now.message).chat_id, 'messageId', (now.message).id, 'seq', (now.message).seq,
            'reactions', (now.message).reactions, 'updatedAt', wire_time((now.message).updated_at)
        )::text, reaction_people((now.message).reactions))
        FROM (SELECT coalesce(r.message, t.message) AS message FROM target t LEFT JOIN reacted r ON true) now
    ) AS reactions,
    array(SELECT m.user_id FROM members m WHERE m.chat_id = (SELECT r.chat_id FROM reacted r)) AS member_ids
FROM verdict v LEFT JOIN allowance a ON true
"""


def policy() -> Policy:
    """How many reactions a user may add and take back, by REST and by socket together."""
    return Policy(name="reactions", quota=settings().reactions)


def react(actor: Actor, message_id: int, emoji: str, *, remove: bool = False) -> Reacted:
    """Adds or takes back the actor's reaction, once, and tells every device of every member.

    All forms of an emoji are one reaction, told in its fully-qualified form.
    Raises NotFound, Forbidden for a system message, MessageIsDeleted, Blocked, RateLimited, and TooManyReactions for
    one kind too many.
    """
    values = {
        "user_id": actor.user_id,
        "message_id": message_id,
        "emoji": qualified(emoji),
        "wanted": not remove,
        "most": MOST_KINDS,
    }
    outcome = settled_within(
        policy(), lambda burst: db.the(_Outcome, _REACT, {**values, "burst": burst}, actor=actor)
    )
    if outcome.reactions is None:
        raise LookupError("a reaction answered no reactions")
    reactions = msgspec.json.decode(outcome.reactions, type=ReactionSummary)
    if outcome.verdict == "allowed":
        publish(events.message_reaction(reactions), to=outcome.member_ids, group=f"chat:{reactions.chat_id}")
    return Reacted(reactions=reactions, allowance=outcome)
