"""Messages that wait for their time: kept with their sender until then, and sent once, as any other.

A message that is sent leaves its row here in the transaction that stores it, under the row's lock. So one that was
changed or cancelled in time is not sent as it was before, and two sweeps, or one that was killed, send nothing twice.
"""

import time
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET

from chalicelib.core import clock, context, db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import (
    InvalidInput,
    MessageHeld,
    NotFound,
    SlowMode,
)
from chalicelib.core.ids import Id
from chalicelib.core.logs import logger
from chalicelib.core.problems import Problem
from chalicelib.core.ratelimit import Allowance
from chalicelib.core.verdicts import LimitedOutcome, settled_within
from chalicelib.features.messages.schemas import (
    ScheduleChange,
    ScheduledList,
    ScheduleInput,
    ScheduleQuery,
    SendInput,
)
from chalicelib.features.messages.send import Sent, checked, policy, send_for
from chalicelib.features.messages.text import clean
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Envelope, ScheduledMessage, bare, people_of

MOST = 100
# Seconds from now. The sweep that sends comes once a minute: less could not be kept.
SOONEST = 60
LATEST = 365 * 24 * 60 * 60
# What one sweep takes upon itself; the next one, a minute later, goes on.
_BATCH = 500
_SWEEP_SECONDS = 20


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """A message that waits, whether it does so just now, and what is left of the sender's allowance."""

    message: ScheduledMessage
    created: bool
    allowance: Allowance


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    scheduled: str | None
    version: str | None


class _Change(msgspec.Struct, frozen=True):
    scheduled: str | None
    would_be_blank: bool
    version: str | None


class _Row(msgspec.Struct, frozen=True):
    scheduled: str
    at: datetime


class _Waiting(msgspec.Struct, frozen=True):
    id: int
    user_id: int
    message: str
    version: str


class _Refused(msgspec.Struct, frozen=True):
    user_id: int
    scheduled: str
    version: str


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Cancelled(_Id, frozen=True):
    version: str


class _Key(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """After which message a list goes on: when it is due, and its id."""

    at: Annotated[datetime, msgspec.Meta(tz=True)]
    id: Id


# Refuses at once what could not be sent now; when its time comes, sending looks again. It counts as a send now, not
# then: at that time nobody is there to be told of a limit.
_SCHEDULE = """
WITH sender AS MATERIALIZED (
    SELECT writing_refusal(c, m) AS refusal FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
earlier AS MATERIALIZED (
    SELECT s AS scheduled, s.chat_id FROM scheduled_messages s
    WHERE s.user_id = %(user_id)s AND s.message ->> 'clientMessageId' = %(client_message_id)s
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
        WHEN cardinality(%(mentions)s::bigint[]) <> (
            SELECT count(*) FROM members m
            WHERE m.chat_id = %(chat_id)s AND m.user_id = ANY(%(mentions)s::bigint[])
        ) THEN 'unknown_mention'
        WHEN cardinality(%(attachments)s::bigint[]) <> (
            SELECT count(*) FROM uploads u
            WHERE u.id = ANY(%(attachments)s::bigint[]) AND u.owner_id = %(user_id)s AND u.state = 'ready'
        ) THEN 'unusable_attachment'
        WHEN %(contact_id)s::bigint IS NOT NULL AND NOT EXISTS (
            SELECT FROM users u WHERE u.id = %(contact_id)s
        ) THEN 'unknown_user'
        WHEN scheduled_locked(%(user_id)s) >= %(most)s THEN 'too_many_scheduled'
        ELSE 'allowed'
    END AS verdict
),
allowance AS MATERIALIZED (
    SELECT a.* FROM verdict v, take_allowance(v.subject, %(burst)s, interval '1 minute') a
    WHERE v.verdict = 'allowed'
),
stored AS (
    INSERT INTO scheduled_messages (user_id, chat_id, message, send_at)
    SELECT %(user_id)s, %(chat_id)s, %(message)s::jsonb, %(send_at)s FROM allowance WHERE allowed
    RETURNING scheduled_messages AS scheduled
)
SELECT v.verdict, coalesce(a.allowed, true) AS allowed, a.remaining, coalesce(a.retry_after, 0) AS retry_after,
    (
        SELECT scheduled_answer(waiting.scheduled)
        FROM (SELECT scheduled FROM stored UNION ALL SELECT scheduled FROM earlier) waiting
    ) AS scheduled, pg_current_xact_id_if_assigned()::text AS version
FROM verdict v LEFT JOIN allowance a ON true
"""

_LIST = """
SELECT scheduled_answer(s) AS scheduled, s.send_at AS at FROM scheduled_messages s
WHERE s.user_id = %(user_id)s AND (%(chat_id)s::bigint IS NULL OR s.chat_id = %(chat_id)s)
    AND (s.send_at, s.id) > (coalesce(%(at)s::timestamptz, '-infinity'), coalesce(%(id)s::bigint, 0))
ORDER BY s.send_at, s.id
LIMIT %(limit)s
"""

# A message that could not be sent is tried again once it was changed.
_CHANGE = """
WITH before AS MATERIALIZED (
    SELECT s.id, coalesce(%(is_blank)s AND s.message -> 'attachments' = '[]'
        AND s.message ->> 'location' IS NULL AND s.message ->> 'contact' IS NULL, false) AS would_be_blank
    FROM scheduled_messages s WHERE s.id = %(id)s AND s.user_id = %(user_id)s
),
changed AS (
    UPDATE scheduled_messages s SET message = s.message || %(changes)s::jsonb,
        send_at = coalesce(%(send_at)s::timestamptz, s.send_at), refused = NULL
    FROM before b WHERE s.id = b.id AND NOT b.would_be_blank
    RETURNING s AS scheduled
)
SELECT (SELECT scheduled_answer(c.scheduled) FROM changed c) AS scheduled, b.would_be_blank,
    pg_current_xact_id_if_assigned()::text AS version
FROM before b
"""

_CANCEL = """
DELETE FROM scheduled_messages s WHERE s.id = %(id)s AND s.user_id = %(user_id)s
RETURNING s.id, pg_current_xact_id()::text AS version
"""

_DUE = """
SELECT s.id FROM scheduled_messages s WHERE s.refused IS NULL AND s.send_at <= now()
ORDER BY s.send_at, s.id LIMIT %(limit)s
"""

# Locked by another sweep, it is being sent.
_LOCK_DUE = """
SELECT s.id, s.user_id, s.message::text, pg_current_xact_id()::text AS version FROM scheduled_messages s
WHERE s.id = %(id)s AND s.refused IS NULL AND s.send_at <= now()
FOR UPDATE SKIP LOCKED
"""

# Comes back with the transaction, where it cannot be sent.
_TAKE_OWN = """
DELETE FROM scheduled_messages s WHERE s.id = %(id)s AND s.user_id = %(user_id)s
RETURNING s.id, s.user_id, s.message::text, pg_current_xact_id()::text AS version
"""

_REFUSE = """
UPDATE scheduled_messages s SET refused = %(code)s WHERE s.id = %(id)s
RETURNING s.user_id, scheduled_answer(s) AS scheduled, pg_current_xact_id()::text AS version
"""

_REMOVE = "DELETE FROM scheduled_messages WHERE id = %(id)s"


def schedule(actor: Actor, wanted: ScheduleInput) -> Scheduled:
    """Keeps a message until it is due. The same `clientMessageId` while it waits is the same message.

    Raises what sending it now would, InvalidInput for a time that is too early or too late, and TooManyScheduled.
    """
    import psycopg

    _check_time(wanted.send_at)
    if wanted.poll is not None and wanted.poll.closes_at is not None and wanted.poll.closes_at <= wanted.send_at:
        raise InvalidInput.at("poll.closesAt", "out_of_range", "must be later than {other}", other="sendAt")
    message = checked(SendInput(**{name: getattr(wanted, name) for name in SendInput.__struct_fields__}))
    limit = policy("http")
    values = {
        **msgspec.structs.asdict(message),
        "mentions": list(dict.fromkeys(message.mentions)),
        "message": msgspec.json.encode(message).decode(),
        "send_at": wanted.send_at,
        "user_id": actor.user_id,
        "contact_id": message.contact and message.contact.user_id,
        "subject": f"{limit.name}:{actor.user_id}",
        "most": MOST,
    }

    def attempt(burst: int | None) -> _Outcome | None:
        try:
            return db.the(_Outcome, _SCHEDULE, {**values, "burst": burst}, actor=actor)
        except psycopg.errors.UniqueViolation:
            return None  # the same was scheduled at this moment, and is there for the next try to see

    outcome = settled_within(limit, attempt)
    created = outcome.verdict == "allowed"
    waiting_now = _read(outcome.scheduled)
    if created:
        _tell(actor.user_id, events.scheduled_updated(waiting_now, version=outcome.version))
    return Scheduled(message=waiting_now, created=created, allowance=outcome)


def waiting(actor: Actor, query: ScheduleQuery) -> ScheduledList:
    """One page of the actor's messages that wait, those that were refused among them."""
    after = paging.read_cursor(query.cursor, _Key)
    values = {
        "user_id": actor.user_id,
        "chat_id": query.chat_id,
        "at": after.at if after else None,
        "id": after.id if after else None,
        "limit": query.limit + 1,
    }
    rows = db.many(_Row, _LIST, values, actor=actor)
    rows, has_more = paging.cut(rows, query.limit, lambda row: len(row.scheduled.encode()))
    found = [_read(row.scheduled) for row in rows]
    return ScheduledList(
        scheduled=[bare(message) for message in found],
        users=people_of(found),
        has_more=has_more,
        next_cursor=paging.write_cursor(rows[-1].at, found[-1].id) if has_more else None,
    )


def change(actor: Actor, scheduled_id: int, wanted: ScheduleChange) -> ScheduledMessage:
    """Changes a message of the actor's that waits. Raises NotFound, also once it was sent, and InvalidInput."""
    changes: dict[str, object] = {}
    is_blank = False
    if wanted.content is not UNSET:
        changes["content"] = clean(wanted.content)
        is_blank = not clean(wanted.content).strip()
    if wanted.mentions is not UNSET:
        changes["mentions"] = wanted.mentions
    if wanted.send_at is not UNSET:
        _check_time(wanted.send_at)
    values = {
        "id": scheduled_id,
        "user_id": actor.user_id,
        "changes": msgspec.json.encode(changes).decode(),
        "is_blank": is_blank,
        "send_at": None if wanted.send_at is UNSET else wanted.send_at,
    }
    row = db.one(_Change, _CHANGE, values, actor=actor)
    if row is not None and row.would_be_blank:
        raise InvalidInput.at("content", "missing", "is required where there is nothing else")
    if row is None or row.scheduled is None:
        raise NotFound("There is no such message that waits.")
    changed = _read(row.scheduled)
    _tell(actor.user_id, events.scheduled_updated(changed, version=row.version))
    return changed


def cancel(actor: Actor, scheduled_id: int) -> None:
    """Takes a message back before it is sent. Raises NotFound, also once it was sent."""
    cancelled = db.one(_Cancelled, _CANCEL, {"id": scheduled_id, "user_id": actor.user_id}, actor=actor)
    if cancelled is None:
        raise NotFound("There is no such message that waits.")
    _tell(actor.user_id, events.scheduled_removed(scheduled_id, version=cancelled.version))


def send_now(actor: Actor, scheduled_id: int) -> Sent:
    """Sends a message of the actor's that waits. Raises NotFound, and what sending does; then it goes on waiting.

    But for MessageHeld: then it waits for somebody to look at it, and is not scheduled any more.
    """
    with db.transaction():
        row = db.one(_Waiting, _TAKE_OWN, {"id": scheduled_id, "user_id": actor.user_id}, actor=actor)
        if row is None:
            raise NotFound("There is no such message that waits.")
        try:
            return _send(row, unattended=False)
        except MessageHeld as problem:
            held = problem
    _tell(actor.user_id, events.scheduled_removed(scheduled_id, version=row.version))
    context.current().committed()  # a refusal drops what was to be told, but this is stored
    raise held


def sweep() -> int:
    """Sends what is due, the longest due first; answers how many messages were sent."""
    until = time.monotonic() + _SWEEP_SECONDS
    sent = 0
    for due in db.many(_Id, _DUE, {"limit": _BATCH}):
        if time.monotonic() > until:
            break
        try:
            sent += _send_due(due.id)
        except Exception:  # the others are due all the same, and the next minute tries this one again
            logger().exception("scheduled message not sent", extra={"scheduled_id": due.id})
    return sent


def _send_due(scheduled_id: int) -> bool:
    # A context of its own: its members hear of each message as soon as it is stored.
    with context.begin() as current:
        with db.transaction():
            row = db.one(_Waiting, _LOCK_DUE, {"id": scheduled_id})
            if row is None:
                return False
            try:
                _send(row, unattended=True)
                db.execute(_REMOVE, {"id": scheduled_id})
            except SlowMode:
                is_sent = False  # the next minute tries it again
            except Problem as problem:
                if problem.retryable:
                    raise
                refused = db.the(_Refused, _REFUSE, {"id": scheduled_id, "code": problem.code})
                event = events.scheduled_updated(_read(refused.scheduled), version=refused.version)
                _tell(refused.user_id, event)
                is_sent = False
            else:
                is_sent = True
        current.committed()
    return is_sent


def _send(row: _Waiting, *, unattended: bool) -> Sent:
    """Sends a message whose row is locked, or gone."""
    message = msgspec.json.decode(row.message, type=SendInput)
    if message.client_message_id is None:
        message = msgspec.structs.replace(message, client_message_id=f"scheduled:{row.id}")
    sent = send_for(row.user_id, message, unattended=unattended)
    _tell(row.user_id, events.scheduled_removed(row.id, version=row.version))
    return sent


def _tell(user_id: int, event: Envelope) -> None:
    publish(event, to=[user_id], group=f"user:{user_id}")


def _check_time(moment: datetime) -> None:
    if not SOONEST <= moment.timestamp() - clock.now() <= LATEST:
        raise InvalidInput.at("sendAt", "out_of_range", "must be at least one minute and at most 365 days ahead")


def _read(scheduled: str | None) -> ScheduledMessage:
    if scheduled is None:
        raise LookupError("a message that waits did not come back")
    return msgspec.json.decode(scheduled, type=ScheduledMessage)
