"""Calls in PostgreSQL. Each change is one function, which locks the chat first: migrations/functions/start_call.sql,
change_call.sql and tend_call.sql."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import LimitedOutcome
from chalicelib.features.calls.schemas import MOST, CallQuery, CallStart

Deed = Literal["accept", "decline", "end", "ring", "state"]


class Outcome(LimitedOutcome, frozen=True, kw_only=True):
    """What a change of a call came to, and who is to be told. `message` tells a call that it has ended."""

    call: str | None
    party_ids: list[int] | None
    ring_ids: list[int] | None
    silent_ids: list[int] | None
    member_ids: list[int] | None
    message: str | None


class Tended(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a call that was looked at; no `call` where nothing has changed."""

    call: str | None
    party_ids: list[int] | None
    missed_ids: list[int]
    lost: bool
    member_ids: list[int] | None
    message: str | None


class Signalling(Allowance, frozen=True, kw_only=True):
    """Whom a participant may signal in a call: by user, the session of the device; none where it still rings."""

    verdict: str
    call_id: int | None
    chat_id: int | None
    others: str


class Listed(msgspec.Struct, frozen=True):
    """A call with the people whom it names."""

    id: int
    call: str


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is looked at: who has joined by which sessions, whether it goes on and has a meeting."""

    user_ids: list[int]
    session_ids: list[int]
    goes_on: bool
    has_meeting: bool


class _Id(msgspec.Struct, frozen=True):
    id: int


_START = """
SELECT * FROM start_call(
    actor => %(user_id)s, device => %(session_id)s, chat => %(chat_id)s, kind => %(type)s,
    wanted => %(user_ids)s::bigint[], subject => %(subject)s, burst => %(burst)s, most => %(most)s, ring => %(ring)s
)
"""

_CHANGE = """
SELECT * FROM change_call(
    wanted_call => %(call_id)s::bigint, actor => %(user_id)s, device => %(session_id)s, what => %(what)s,
    wanted => %(user_ids)s::bigint[], states => %(states)s::jsonb, reason => %(reason)s, subject => %(subject)s,
    burst => %(burst)s, most => %(most)s, ring => %(ring)s
)
"""

_TEND = "SELECT * FROM look_at_call(%(call_id)s, %(silent)s::bigint[], %(grace)s)"

_LOOK = """
SELECT j.user_ids, j.session_ids, c.ended_at IS NULL AS goes_on,
    EXISTS (SELECT FROM call_meetings r WHERE r.call_id = c.id) AS has_meeting
FROM calls c CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(p.user_id), '{}') AS user_ids, coalesce(array_agg(p.session_id), '{}') AS session_ids
    FROM call_parties p WHERE p.call_id = c.id AND p.state = 'joined'
) j
WHERE c.id = %(call_id)s
"""

_DUE = """
SELECT c.id FROM calls c WHERE c.ended_at IS NULL AND c.due_at <= now() ORDER BY c.due_at LIMIT %(limit)s
"""

# Who is no longer a member gets no signals, until the call is looked at and they have left it.
_SIGNALLING = """
WITH mine AS MATERIALIZED (
    SELECT c.id AS call_id, c.chat_id, CASE
        WHEN c.ended_at IS NOT NULL THEN 'call_ended'
        WHEN c.size > %(most)s THEN 'call_is_room'
        WHEN p.state <> 'joined' OR p.session_id <> %(session_id)s THEN 'not_in_call'
        ELSE 'allowed'
    END AS verdict
    FROM call_parties p JOIN calls c ON c.id = p.call_id
    WHERE p.user_id = %(user_id)s AND p.call_id = coalesce(%(call_id)s::bigint, call_of(%(user_id)s))
),
allowance AS MATERIALIZED (
    SELECT a.* FROM mine m, take_allowance(%(subject)s, %(burst)s, interval '1 minute') a WHERE m.verdict = 'allowed'
)
SELECT coalesce(m.verdict, 'not_found') AS verdict, m.call_id, m.chat_id, coalesce(a.allowed, true) AS allowed,
    a.remaining, coalesce(a.retry_after, 0) AS retry_after, (
        SELECT coalesce(jsonb_object_agg(p.user_id, p.session_id), '{}')::text
        FROM call_parties p JOIN members theirs ON theirs.chat_id = p.chat_id AND theirs.user_id = p.user_id
        WHERE p.call_id = m.call_id AND p.user_id <> %(user_id)s AND p.state IN ('joined', 'ringing')
    ) AS others
FROM (SELECT) always LEFT JOIN mine m ON true LEFT JOIN allowance a ON true
"""

_CALL = """
SELECT c.id, with_users(call_json(c)::text, call_people(c)) AS call FROM calls c
WHERE c.id = %(call_id)s AND (
    EXISTS (SELECT FROM call_parties p WHERE p.call_id = c.id AND p.user_id = %(user_id)s)
    OR EXISTS (SELECT FROM members m WHERE m.chat_id = c.chat_id AND m.user_id = %(user_id)s)
)
"""

# Whoever has deleted a call's message has deleted the call from their list. Each call is looked up by itself: else
# the planner might walk everybody's calls beside the user's own.
_LIST = """
SELECT (f.call).id, with_users(call_json(f.call)::text, call_people(f.call)) AS call
FROM call_parties p CROSS JOIN LATERAL (SELECT c AS call FROM calls c WHERE c.id = p.call_id OFFSET 0) f
WHERE p.user_id = %(user_id)s AND p.call_id < %(before)s
    AND (%(chat_id)s::bigint IS NULL OR p.chat_id = %(chat_id)s)
    AND (NOT %(missed)s OR p.state IN ('missed', 'busy'))
    AND (%(type)s::text IS NULL OR (f.call).type = %(type)s)
    AND (%(status)s::text IS NULL OR (f.call).status = %(status)s)
    AND (
        %(direction)s::text IS NULL
        OR ((f.call).caller_id IS NOT DISTINCT FROM p.user_id) = (%(direction)s = 'outgoing')
    )
    AND NOT EXISTS (
        SELECT FROM hidden_messages h WHERE h.user_id = p.user_id AND h.chat_id = p.chat_id AND h.seq = p.seq
    )
ORDER BY p.call_id DESC
LIMIT %(limit)s
"""


def start(actor: Actor, chat_id: int, wanted: CallStart, *, limit: Policy, burst: int | None) -> Outcome:
    """Starts a call, or joins the one that there is. Raises AlreadyInCall."""
    values = {
        **_common(actor, limit, burst),
        "chat_id": chat_id,
        "type": wanted.type,
        "user_ids": None if wanted.user_ids is None else list(dict.fromkeys(wanted.user_ids)),
        "most": settings().room_size if wanted.room else MOST,
    }
    return db.the(Outcome, _START, values, actor=actor)


def change(
    actor: Actor,
    call_id: int | None,
    what: Deed,
    *,
    limit: Policy,
    burst: int | None,
    given: Mapping[str, Any],
) -> Outcome:
    """Does something in a call; `given` are `user_ids`, `states` and `reason`. Raises AlreadyInCall."""
    values = {"call_id": call_id, "what": what, "user_ids": None, "states": "{}", "reason": "ended"}
    return db.the(Outcome, _CHANGE, {**values, **given, **_common(actor, limit, burst)}, actor=actor)


def look(call_id: int) -> Look | None:
    """What to look for in a call; None of one that is gone with its chat."""
    return db.one(Look, _LOOK, {"call_id": call_id})


def tend(call_id: int, silent: Sequence[int]) -> Tended | None:
    """Looks at a call, of whose sessions the `silent` ones have no socket; None of one that has ended."""
    values = {"call_id": call_id, "silent": list(silent), "grace": settings().call_grace_seconds}
    return db.one(Tended, _TEND, values)


def due(limit: int) -> list[int]:
    """Calls that are to be looked at, the longest due first."""
    return [row.id for row in db.many(_Id, _DUE, {"limit": limit})]


def signalling(actor: Actor, call_id: int | None, *, limit: Policy) -> Signalling:
    """Whom the actor may signal, which takes from the allowance."""
    return db.the(Signalling, _SIGNALLING, by_device(actor, call_id, limit), actor=actor)


def by_device(actor: Actor, call_id: int | None, limit: Policy) -> dict[str, int | str | None]:
    """What statements take that ask what the actor's device may do in a call, within an allowance."""
    return {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "call_id": call_id,
        "subject": f"{limit.name}:{actor.user_id}",
        "burst": limit.burst,
        "most": MOST,
    }


def find(actor: Actor, call_id: int) -> str | None:
    """A call of the actor's, or of a chat of theirs."""
    row = db.one(Listed, _CALL, {"user_id": actor.user_id, "call_id": call_id}, actor=actor)
    return row.call if row else None


def listed(actor: Actor, query: CallQuery, *, before: int) -> list[Listed]:
    """A page of the actor's calls and one more. Each filter has its index: it is planned for those that are given."""
    values = {**msgspec.structs.asdict(query), "user_id": actor.user_id, "before": before, "limit": query.limit + 1}
    return db.many(Listed, _LIST, values, actor=actor, plan_anew=True)


def _common(actor: Actor, limit: Policy, burst: int | None) -> dict[str, object]:
    return {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "subject": f"{limit.name}:{actor.user_id}",
        "burst": burst,
        "most": MOST,
        "ring": settings().call_ring_seconds,
    }
