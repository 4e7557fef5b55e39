"""What users report to the moderators, and the moderators' queue of it."""

from collections.abc import Callable
from typing import LiteralString

import msgspec
from msgspec import UNSET

from chalicelib.core import context, db, ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import Id
from chalicelib.core.paging import cut, read_cursor, write_cursor
from chalicelib.core.ratelimit import Policy
from chalicelib.core.verdicts import LimitedOutcome, Outcome, settled, settled_within
from chalicelib.features.moderation.schemas import (
    ManagedReport,
    Report,
    ReportChange,
    ReportInput,
    ReportList,
    ReportOpinion,
    ReportQuery,
)
from chalicelib.realtime.shapes import read_users

REPORTS = Policy(name="reports", quota=30, window=60 * 60)


class Filed(msgspec.Struct, frozen=True, kw_only=True):
    """A report, whether it is new, and the RateLimit headers."""

    report: Report
    is_new: bool
    headers: dict[str, str]


class FiledOutcome(LimitedOutcome, frozen=True, kw_only=True):
    """What a statement that files a report answers: the report as JSON."""

    report: str | None


class _Changed(Outcome, frozen=True, kw_only=True):
    report: str | None
    users: str | None


class _Row(msgspec.Struct, frozen=True):
    report: str
    users: str


_FILE: LiteralString = """
SELECT * FROM file_report(
    %(user_id)s, %(subject_kind)s, %(subject_id)s, %(reason)s, %(comment)s, %(burst)s::integer
)
"""


def file(actor: Actor, given: ReportInput) -> Filed:
    """Reports what the actor may see, once. Raises NotFound, NotYourself, RateLimited."""
    values = {"user_id": actor.user_id, **msgspec.structs.asdict(given)}
    return settled_report(lambda burst: db.the(FiledOutcome, _FILE, {**values, "burst": burst}, actor=actor))


def settled_report(attempt: Callable[[int | None], FiledOutcome]) -> Filed:
    """What comes of filing a report, within its user's allowance. Raises what the verdict says, and RateLimited."""
    filed = settled_within(REPORTS, attempt)
    report = msgspec.json.decode(filed.report or "", type=Report)
    return Filed(report=report, is_new=filed.verdict == "allowed", headers=ratelimit.headers(REPORTS, filed))


# Planned for what is asked, as the list of accounts.
_LIST: LiteralString = """
SELECT report_json(r, true)::text AS report, users_text(array_remove(
    ARRAY[r.reporter_id, r.user_id, r.assignee_id, r.decided_by], NULL
)) AS users
FROM reports r
WHERE r.id > %(after)s
    AND (%(state)s::text IS NULL OR r.state = %(state)s)
    AND (%(assignee)s::bigint IS NULL OR r.assignee_id = %(assignee)s)
    AND (%(user)s::bigint IS NULL OR r.user_id = %(user)s)
ORDER BY r.id LIMIT %(limit)s
"""


def reports(actor: Actor, query: ReportQuery) -> ReportList:
    """The queue, the oldest first."""
    key = read_cursor(query.cursor, tuple[Id])
    given = {
        "after": key[0] if key else 0,
        "state": query.state,
        "assignee": query.assignee,
        "user": query.user,
        "limit": query.limit + 1,
    }
    rows, more = cut(db.many(_Row, _LIST, given, actor=actor, plan_anew=True), query.limit)
    found = [msgspec.json.decode(row.report, type=ManagedReport) for row in rows]
    named = {user.id: user for row in rows for user in read_users(row.users)}
    return ReportList(
        reports=_with_opinions(actor, found),
        users=list(named.values()),
        has_more=more,
        next_cursor=write_cursor(found[-1].id) if more else None,
    )


_ONE: LiteralString = """
SELECT report_json(r, true)::text AS report, users_text(array_remove(
    ARRAY[r.reporter_id, r.user_id, r.assignee_id, r.decided_by], NULL
)) AS users
FROM reports r WHERE r.id = %(report_id)s
"""


def report(actor: Actor, report_id: int) -> ManagedReport:
    """One report. Raises NotFound."""
    row = db.one(_Row, _ONE, {"report_id": report_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such report.")
    return _with_opinions(actor, [_read(row.report, row.users)])[0]


_CHANGE: LiteralString = """
SELECT * FROM change_report(
    %(report_id)s, %(actor)s, %(assigns)s, %(assignee)s::bigint, %(decision)s, %(note)s, %(address)s, %(request_id)s
)
"""


def change(actor: Actor, report_id: int, asked: ReportChange) -> ManagedReport:
    """Assigns a report, or decides it, once. Raises NotFound, UnknownUser, NotYourself, Forbidden, ReportDecided."""
    given = {
        "report_id": report_id,
        "actor": actor.user_id,
        "assigns": asked.assignee_id is not UNSET,
        "assignee": None if asked.assignee_id is UNSET else asked.assignee_id,
        "decision": None if asked.decision is UNSET else asked.decision,
        "note": None if asked.note is UNSET else asked.note,
        **context.origin(),
    }
    changed = settled(lambda: db.the(_Changed, _CHANGE, given, actor=actor))
    return _with_opinions(actor, [_read(changed.report or "", changed.users)])[0]


def _with_opinions(actor: Actor, found: list[ManagedReport]) -> list[ManagedReport]:
    """The reports with what the assistant thinks of those that a rule on words has made."""
    reported = {one.id: one.content for one in found if one.phrase is not None and one.content is not None}
    if not reported:
        return found
    # Imported here: a server without an assistant starts no slower.
    from chalicelib.features.assistant.opinions import opinions

    known = opinions(actor, reported)
    return [
        msgspec.structs.replace(one, opinion=ReportOpinion(state=known[one.id].state, text=known[one.id].text))
        if one.id in known
        else one
        for one in found
    ]


def _read(text: str, users: str | None) -> ManagedReport:
    return msgspec.structs.replace(msgspec.json.decode(text, type=ManagedReport), users=read_users(users))
