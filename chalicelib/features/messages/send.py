"""Sending: one statement that checks, numbers and stores a message, and says who must hear of it."""

from typing import Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import LimitedOutcome, settled_within
from chalicelib.features.messages.schemas import SendInput
from chalicelib.features.messages.text import clean
from chalicelib.realtime import events, trail
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Message

Channel = Literal["http", "socket"]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A stored message, whether it was stored just now, and what is left of the sender's allowance."""

    message: Message
    created: bool
    allowance: Allowance


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    message: str | None
    recipients: list[int]
    leaves_unread: bool


# Every statement there is locks the sender's allowance before the chat, and a chat before its members: no two of them
# can wait for each other.
_SEND = """
WITH sender AS MATERIALIZED (
    SELECT c.id AS chat_id, c.members_version, write_refusal(c, m) AS refusal
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
earlier AS MATERIALIZED (
    SELECT m AS message, m.chat_id FROM messages m
    WHERE m.sender_id = %(user_id)s AND m.client_message_id = %(client_message_id)s
),
files AS MATERIALIZED (
    SELECT count(*) AS usable, coalesce(jsonb_agg(jsonb_build_object(
        'id', u.id, 'filename', u.filename, 'contentType', u.content_type, 'size', u.size
    ) ORDER BY given.place), '[]') AS attachments
    FROM unnest(%(attachments)s::bigint[]) WITH ORDINALITY AS given (id, place)
    JOIN uploads u ON u.id = given.id AND u.owner_id = %(user_id)s AND u.state = 'ready'
),
verdict AS MATERIALIZED (
    SELECT %(subject)s::text AS subject, CASE
        WHEN NOT EXISTS (SELECT FROM sender) THEN 'not_found'
        WHEN EXISTS (SELECT FROM earlier WHERE chat_id = %(chat_id)s) THEN 'repeated'
        WHEN EXISTS (SELECT FROM earlier) THEN 'reused'
        WHEN (SELECT refusal FROM sender) IS NOT NULL THEN (SELECT refusal FROM sender)
        WHEN %(reply_to)s::bigint IS NOT NULL AND NOT EXISTS (
            SELECT FROM messages m WHERE m.id = %(reply_to)s AND m.chat_id = %(chat_id)s
        ) THEN 'unknown_reply'
        WHEN cardinality(%(mentions)s::bigint[]) > 0 AND cardinality(%(mentions)s::bigint[]) <> (
            SELECT count(*) FROM members m
            WHERE m.chat_id = %(chat_id)s AND m.user_id = ANY(%(mentions)s::bigint[])
        ) THEN 'unknown_mention'
        WHEN (SELECT usable FROM files) <> cardinality(%(attachments)s::bigint[]) THEN 'unusable_attachment'
        ELSE 'allowed'
    END AS verdict
),
allowance AS MATERIALIZED (
    SELECT a.* FROM verdict v, take_allowance(v.subject, %(burst)s, interval '1 minute') a
    WHERE v.verdict = 'allowed'
),
numbered AS (
    UPDATE chats c SET last_seq = c.last_seq + 1, last_message_at = clock_timestamp()
    FROM sender s, allowance a
    WHERE c.id = s.chat_id AND c.members_version = s.members_version AND a.allowed
    RETURNING c.id, c.last_seq, c.last_message_at, c.message_seconds
),
stored AS (
    INSERT INTO messages (
        chat_id, seq, sender_id, client_message_id, message_type, content, attachments, reply_to, mentions,
        created_at, updated_at, expires_at
    )
    SELECT n.id, n.last_seq, %(user_id)s, %(client_message_id)s, %(message_type)s, %(content)s, f.attachments,
        %(reply_to)s, %(mentions)s::bigint[], n.last_message_at, n.last_message_at,
        n.last_message_at + make_interval(secs => n.message_seconds)
    FROM numbered n, files f
    RETURNING messages AS message, chat_id, seq
),
attached AS (
    INSERT INTO attachments (upload_id, chat_id, seq)
    SELECT given.id, s.chat_id, s.seq FROM stored s, unnest(%(attachments)s::bigint[]) AS given (id)
),
-- Who writes has read what is there, but for those in whose absence it is sent.
marked AS (
    UPDATE members m SET delivered_seq = s.seq, read_seq = s.seq FROM stored s
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s AND (NOT %(unattended)s OR m.read_seq = s.seq - 1)
    RETURNING m.user_id
)
SELECT
    CASE WHEN a.allowed AND NOT EXISTS (SELECT FROM stored) THEN 'stale' ELSE v.verdict END AS verdict,
    coalesce(a.allowed, true) AS allowed, a.remaining, coalesce(a.retry_after, 0) AS retry_after,
    CASE v.verdict
        WHEN 'repeated' THEN (
            SELECT message_json_for(e.message, m)::text FROM earlier e, members m
            WHERE m.chat_id = e.chat_id AND m.user_id = %(user_id)s
        )
        ELSE (SELECT message_json(s.message, 0, 0)::text FROM stored s)
    END AS message,
    array(SELECT m.user_id FROM members m, stored s WHERE m.chat_id = s.chat_id) AS recipients,
    NOT EXISTS (SELECT FROM marked) AS leaves_unread
FROM verdict v LEFT JOIN allowance a ON true
"""


def send(actor: Actor, message: SendInput, channel: Channel) -> Sent:
    """Stores a message, once, and tells every device of every member.

    Raises NotFound for who is not a member, Forbidden where only admins write, Blocked, RateLimited, UnknownReply,
    UnknownMention, UnusableAttachment, ClientMessageIdReused, and InvalidInput for a message without content.
    """
    return _send(actor.user_id, message, limit=policy(channel), actor=actor)


def send_for(user_id: int, message: SendInput, *, unattended: bool) -> Sent:
    """The same for a user in whose name the service acts, without a limit; `unattended` where they need not be there.

    Then what they have not read stays unread. Raises what `send` does but for RateLimited.
    """
    return _send(user_id, message, unattended=unattended)


def checked(message: SendInput) -> SendInput:
    """The message without HTML. Raises InvalidInput where that leaves nothing, or a file is named twice."""
    message = msgspec.structs.replace(message, content=clean(message.content))
    if not message.attachments and not message.content.strip():
        raise InvalidInput.at("content", "missing", "A message needs content or attachments")
    if len(set(message.attachments)) != len(message.attachments):
        raise InvalidInput.at("attachments", "repeated", "An attachment is named twice")
    return message


def _send(
    user_id: int,
    message: SendInput,
    *,
    limit: Policy | None = None,
    actor: Actor | None = None,
    unattended: bool = False,
) -> Sent:
    outcome = _store(user_id, checked(message), limit=limit, actor=actor, unattended=unattended)
    if outcome.message is None:
        raise LookupError("an allowed send answered no message")
    stored = msgspec.json.decode(outcome.message, type=Message)
    created = outcome.verdict == "allowed"
    trail.accepted(stored, created=created)
    event = events.message_new(stored, unattended=outcome.leaves_unread)
    publish(event, to=outcome.recipients, group=f"chat:{stored.chat_id}")
    return Sent(message=stored, created=created, allowance=outcome)


def policy(channel: Channel) -> Policy:
    """How much a user may send."""
    quota = settings().sends_http if channel == "http" else settings().sends_socket
    return Policy(name=f"send-{channel}", quota=quota)


def _store(
    user_id: int, message: SendInput, *, limit: Policy | None, actor: Actor | None, unattended: bool
) -> _Outcome:
    import psycopg

    values = {
        **msgspec.structs.asdict(message),
        "mentions": list(dict.fromkeys(message.mentions)),
        "user_id": user_id,
        "subject": f"{limit.name}:{user_id}" if limit else "",
        "unattended": unattended,
    }

    def attempt(burst: int | None) -> _Outcome | None:
        try:
            return db.the(_Outcome, _SEND, {**values, "burst": burst}, actor=actor)
        except psycopg.errors.UniqueViolation:
            return None  # the same clientMessageId was stored at this moment, and is there for the next try to see

    return settled_within(limit, attempt)
