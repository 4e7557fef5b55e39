"""The audit trail: read by admins, and chained by the sweep.

The statement that does an act also writes its row, so that neither is there without the other. The hashes that chain
the rows are put to them afterwards, in bounded steps: if each act did it, all log-ins would wait for one another.
"""

from datetime import datetime
from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.core.context import Actor
from chalicelib.core.ids import Id
from chalicelib.core.paging import cut, read_cursor, write_cursor
from chalicelib.features.moderation.schemas import AuditEntry, AuditList, AuditQuery
from chalicelib.realtime.shapes import read_users

# How many rows a step chains, and how many steps a run has.
_STEP, _STEPS = 500, 40


class _Row(msgspec.Struct, frozen=True):
    happened_at: datetime
    entry: str
    users: str


class _Chained(msgspec.Struct, frozen=True):
    taken: int
    last_position: int | None
    last_hash: str | None


# Planned for what is asked: whatever narrows it most has an index in the order of the list.
_LIST: LiteralString = """
WITH found AS (
    SELECT a AS row, a.happened_at, a.id, a.actor_id, a.subject_kind, a.subject_id FROM audit a
    WHERE (%(actor)s::bigint IS NULL OR a.actor_id = %(actor)s)
        AND (%(subject)s::bigint IS NULL OR a.subject_id = %(subject)s)
        AND (%(kind)s::text IS NULL OR a.subject_kind = %(kind)s)
        AND (%(action)s::text IS NULL OR a.action = %(action)s)
        AND (%(since)s::timestamptz IS NULL OR a.happened_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR a.happened_at < %(until)s)
        AND (%(before)s::timestamptz IS NULL OR (a.happened_at, a.id) < (%(before)s, %(before_id)s::bigint))
    ORDER BY a.happened_at DESC, a.id DESC LIMIT %(limit)s
)
SELECT f.happened_at, audit_json(f.row)::text AS entry, (
    SELECT users_text(array_agg(DISTINCT p.id)) FROM found o,
    LATERAL (VALUES (o.actor_id), (CASE o.subject_kind WHEN 'user' THEN o.subject_id END)) p (id)
    WHERE p.id IS NOT NULL
) AS users
FROM found f ORDER BY f.happened_at DESC, f.id DESC
"""


def entries(actor: Actor, query: AuditQuery) -> AuditList:
    """What is told of acts, the newest first, as far as it is what is asked for."""
    key = read_cursor(query.cursor, tuple[datetime, Id])
    given = {
        "actor": query.actor,
        "subject": query.subject,
        "kind": query.subject_kind,
        "action": query.action,
        "since": query.since,
        "until": query.until,
        "before": key[0] if key else None,
        "before_id": key[1] if key else None,
        "limit": query.limit + 1,
    }
    rows, more = cut(db.many(_Row, _LIST, given, actor=actor, plan_anew=True), query.limit)
    found = [msgspec.json.decode(row.entry, type=AuditEntry) for row in rows]
    return AuditList(
        entries=found,
        users=read_users(rows[0].users) if rows else [],
        has_more=more,
        next_cursor=write_cursor(rows[-1].happened_at, found[-1].id) if more else None,
    )


_CHAIN: LiteralString = "SELECT * FROM chain_audit(%(most)s)"


def sweep() -> int:
    """Chains what waits for it; answers how much that was. The log tells where the chain ends, out of its reach."""
    chained = 0
    for _ in range(_STEPS):
        step = db.the(_Chained, _CHAIN, {"most": _STEP})
        chained += step.taken
        if step.taken:
            context.current().step("audit_chained", {"position": step.last_position, "hash": step.last_hash})
        if step.taken < _STEP:
            break
    return chained
