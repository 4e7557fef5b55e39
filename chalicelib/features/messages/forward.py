"""Forwarding: copies of a message in other chats, all of them or none."""

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.problems import Fault
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import REFUSALS, LimitedOutcome, settled_within
from chalicelib.features.messages.schemas import ForwardInput
from chalicelib.features.messages.send import Channel, policy
from chalicelib.realtime import events, trail
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Message


class Forwarded(msgspec.Struct, frozen=True, kw_only=True):
    """The copies in the order of the chats, whether one of them is new, and what is left of the allowance."""

    messages: list[Message]
    created: bool
    allowance: Allowance


class _Copy(LimitedOutcome, frozen=True, kw_only=True):
    refused: int | None
    created: bool
    message: str | None
    recipients: list[int]


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    copies: list[_Copy]


# As a send, for several chats at once: their rows are taken in the order of their ids, so that no two forwards can
# wait for each other.
_FORWARD = """
WITH source AS MATERIALIZED (
    SELECT (a.message).* FROM access_message(%(message_id)s, %(user_id)s) a
),
targets AS MATERIALIZED (
    SELECT given.id AS chat_id, given.place, %(client_message_id)s::text || ':' || given.id AS client_message_id,
        mine.members_version, CASE WHEN mine.members_version IS NULL THEN 'not_found' ELSE mine.refusal END AS refusal
    FROM unnest(%(chat_ids)s::bigint[]) WITH ORDINALITY AS given (id, place)
    -- The limit has each of them looked up, where else all of the actor's chats might be read.
    LEFT JOIN LATERAL (
        SELECT c.members_version, writing_refusal(c, me) AS refusal
        FROM members me JOIN chats c ON c.id = me.chat_id
        WHERE me.chat_id = given.id AND me.user_id = %(user_id)s LIMIT 1
    ) mine ON true
),
earlier AS MATERIALIZED (
    SELECT t.place, m AS message, m.chat_id = t.chat_id AS is_here
    FROM targets t JOIN messages m ON m.sender_id = %(user_id)s AND m.client_message_id = t.client_message_id
),
missing AS MATERIALIZED (
    SELECT t.* FROM targets t WHERE NOT EXISTS (SELECT FROM earlier e WHERE e.place = t.place)
),
refused AS MATERIALIZED (
    SELECT t.place, CASE WHEN NOT e.is_here THEN 'reused' ELSE t.refusal END AS verdict
    FROM targets t LEFT JOIN earlier e ON e.place = t.place
    WHERE NOT e.is_here OR t.refusal = 'not_found' OR (t.refusal IS NOT NULL AND e.place IS NULL)
    ORDER BY t.place LIMIT 1
),
verdict AS MATERIALIZED (
    SELECT %(subject)s::text AS subject, CASE
        WHEN EXISTS (SELECT FROM refused) THEN (SELECT verdict FROM refused)
        WHEN NOT EXISTS (SELECT FROM missing) THEN 'repeated'
        WHEN NOT EXISTS (SELECT FROM source) THEN 'not_found'
        WHEN (SELECT deleted_at FROM source) IS NOT NULL THEN 'deleted'
        WHEN (SELECT message_type FROM source) IN ('system', 'call') THEN 'forbidden'
        ELSE 'allowed'
    END AS verdict
),
allowance AS MATERIALIZED (
    SELECT a.* FROM verdict v, take_allowances(
        v.subject, %(burst)s, interval '1 minute', (SELECT count(*)::integer FROM missing)
    ) a
    WHERE v.verdict = 'allowed'
),
taken AS MATERIALIZED (
    SELECT c.id, c.members_version FROM chats c, missing t, allowance a
    WHERE c.id = t.chat_id AND a.allowed
    ORDER BY c.id FOR NO KEY UPDATE OF c
),
steady AS MATERIALIZED (
    SELECT count(*) = (SELECT count(*) FROM missing) AS are_all
    FROM taken c JOIN missing t ON t.chat_id = c.id AND t.members_version = c.members_version
),
numbered AS (
    UPDATE chats c SET last_seq = c.last_seq + 1, last_message_at = clock_timestamp(),
        request_of = nullif(c.request_of, %(user_id)s)
    FROM taken, steady WHERE c.id = taken.id AND steady.are_all
    RETURNING c.id, c.last_seq, c.last_message_at, c.message_seconds
),
stored AS (
    INSERT INTO messages (
        chat_id, seq, sender_id, client_message_id, message_type, content, attachments, forwarded_from, created_at,
        updated_at, expires_at, details
    )
    SELECT n.id, n.last_seq, %(user_id)s, t.client_message_id, s.message_type, s.content, s.attachments,
        -- Forwarded once more, it still is of whoever wrote it.
        coalesce(s.forwarded_from, jsonb_build_object(
            'messageId', s.id, 'senderId', s.sender_id, 'createdAt', wire_time(s.created_at)
        )),
        n.last_message_at, n.last_message_at, n.last_message_at + make_interval(secs => n.message_seconds),
        fresh_details(s.details)
    FROM numbered n JOIN missing t ON t.chat_id = n.id, source s
    RETURNING messages AS message, chat_id, seq
),
attached AS (
    INSERT INTO attachments (upload_id, chat_id, seq)
    SELECT a.upload_id, copy.chat_id, copy.seq FROM stored copy, source s, attachments a
    WHERE a.chat_id = s.chat_id AND a.seq = s.seq
),
expiring AS (
    INSERT INTO expiring_messages (chat_id, expires_at, seq)
    SELECT copy.chat_id, (copy.message).expires_at, copy.seq FROM stored copy
    WHERE (copy.message).expires_at IS NOT NULL
),
-- Who writes has read what is there.
marked AS (
    UPDATE members me SET delivered_seq = copy.seq, read_seq = copy.seq, marked_unread = false FROM stored copy
    WHERE me.chat_id = copy.chat_id AND me.user_id = %(user_id)s
)
SELECT CASE WHEN a.allowed AND NOT (SELECT are_all FROM steady) THEN 'stale' ELSE v.verdict END AS verdict,
    (SELECT r.place - 1 FROM refused r) AS refused,
    coalesce(a.allowed, true) AS allowed, a.remaining, coalesce(a.retry_after, 0) AS retry_after,
    copy.seq IS NOT NULL AS created,
    CASE WHEN e.place IS NULL THEN with_users(
        message_json(copy.message, 0, 0)::text, message_people(copy.message)
    ) ELSE (
        SELECT message_answer(e.message, me) FROM members me
        WHERE me.chat_id = t.chat_id AND me.user_id = %(user_id)s
    ) END AS message,
    array(SELECT m.user_id FROM members m WHERE m.chat_id = copy.chat_id) AS recipients
FROM targets t CROSS JOIN verdict v LEFT JOIN allowance a ON true
LEFT JOIN earlier e ON e.place = t.place LEFT JOIN stored copy ON copy.chat_id = t.chat_id
ORDER BY t.place
"""


def forward(actor: Actor, message_id: int, wanted: ForwardInput, channel: Channel) -> Forwarded:
    """Copies a message, with its files, into each of the chats, once, and tells every device of their members.

    Each copy counts as a send. Raises what sending does, with the chat that refuses as the field; NotFound also for a
    message that is not the actor's to know of, and MessageIsDeleted.
    """
    if len(set(wanted.chat_ids)) != len(wanted.chat_ids):
        raise InvalidInput.at("chatIds", "repeated", "must not name a chat twice")
    outcome = _store(actor, message_id, wanted, policy(channel))
    copies = outcome.copies
    messages = [msgspec.json.decode(copy.message or "null", type=Message) for copy in copies]
    for message, copy in zip(messages, copies, strict=True):
        trail.accepted(message, created=copy.created)
        if copy.created:
            publish(events.message_new(message), to=copy.recipients, group=f"chat:{message.chat_id}")
    return Forwarded(messages=messages, created=any(copy.created for copy in copies), allowance=outcome)


def _store(actor: Actor, message_id: int, wanted: ForwardInput, limit: Policy) -> _Outcome:
    import psycopg

    values = {
        "user_id": actor.user_id,
        "message_id": message_id,
        "chat_ids": wanted.chat_ids,
        "client_message_id": wanted.client_message_id,
        "subject": f"{limit.name}:{actor.user_id}",
    }

    def attempt(burst: int | None) -> _Outcome | None:
        try:
            copies = db.many(_Copy, _FORWARD, {**values, "burst": burst}, actor=actor)
        except psycopg.errors.UniqueViolation:
            return None  # the same was forwarded at this moment, and is there for the next try to see
        first = copies[0]
        if first.refused is not None:
            problem = REFUSALS[first.verdict]
            raise problem(errors=(Fault(f"chatIds[{first.refused}]", problem.code, problem.title),))
        return _Outcome(
            verdict=first.verdict,
            allowed=first.allowed,
            remaining=first.remaining,
            retry_after=first.retry_after,
            copies=copies,
        )

    return settled_within(limit, attempt)
