"""What moderators do to users: warn, mute and ban.

A mute refuses whatever writes into chats, wherever it comes from, in the statement that would write it. A ban ends
all sessions at once and refuses log-ins; what the user has scheduled is refused as of somebody who is muted.
"""

from datetime import UTC, datetime
from typing import LiteralString

import msgspec

from chalicelib.core import clock, context, db
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.ids import MAX_ID, Id
from chalicelib.core.paging import Page, cut, read_cursor, write_cursor
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.features.moderation.accounts import read_account
from chalicelib.features.moderation.schemas import ManagedAccount, Sanction, SanctionKind, SanctionList
from chalicelib.realtime import publish


class _Outcome(Outcome, frozen=True, kw_only=True):
    account: str | None
    session_ids: list[int] | None = None


class _Row(msgspec.Struct, frozen=True):
    sanction: str | None


_SANCTION: LiteralString = """
SELECT * FROM sanction_user(
    %(user_id)s, %(actor)s, %(kind)s, %(reason)s, %(until)s::timestamptz, %(address)s, %(request_id)s
)
"""


def sanction(
    actor: Actor, user_id: int, kind: SanctionKind, reason: str, until: datetime | None = None
) -> ManagedAccount:
    """Warns, mutes or bans a user, a mute and a ban in place of the one before. Without `until` they are for good.

    Raises NotFound, NotYourself, InvalidInput for a time that is over, and Forbidden for whoever is not theirs to
    judge.
    """
    if until is not None and until <= datetime.fromtimestamp(clock.now(), UTC):
        raise InvalidInput.at("until", "out_of_range", "must be in the future")
    given = {"user_id": user_id, "actor": actor.user_id, "kind": kind, "reason": reason, "until": until}
    done = settled(lambda: db.the(_Outcome, _SANCTION, given | context.origin(), actor=actor))
    publish.end_session(user_id=user_id, session_ids=done.session_ids or [])
    return read_account(done.account or "")


_LIFT: LiteralString = """
SELECT * FROM lift_sanction(%(user_id)s, %(actor)s, %(kind)s, %(address)s, %(request_id)s)
"""


def lift(actor: Actor, user_id: int, kind: SanctionKind) -> ManagedAccount:
    """Lifts the mute or the ban of a user; again is as once. Raises NotFound, NotYourself, Forbidden."""
    given = {"user_id": user_id, "actor": actor.user_id, "kind": kind, **context.origin()}
    done = settled(lambda: db.the(_Outcome, _LIFT, given, actor=actor))
    return read_account(done.account or "")


# A user without a row among the sanctions still has one here.
_LIST: LiteralString = """
SELECT CASE WHEN s.id IS NOT NULL THEN sanction_json(s)::text END AS sanction
FROM users u LEFT JOIN LATERAL (
    SELECT * FROM sanctions o WHERE o.user_id = u.id AND o.id < %(before)s ORDER BY o.id DESC LIMIT %(limit)s
) s ON true
WHERE u.id = %(user_id)s
ORDER BY s.id DESC
"""


def sanctions(actor: Actor, user_id: int, page: Page) -> SanctionList:
    """What moderators have done to a user, the newest first. Raises NotFound."""
    key = read_cursor(page.cursor, tuple[Id])
    given = {"user_id": user_id, "before": key[0] if key else MAX_ID, "limit": page.limit + 1}
    rows = db.many(_Row, _LIST, given, actor=actor)
    if not rows:
        raise NotFound("There is no such user.")
    read = [msgspec.json.decode(row.sanction, type=Sanction) for row in rows if row.sanction is not None]
    found, more = cut(read, page.limit)
    return SanctionList(sanctions=found, has_more=more, next_cursor=write_cursor(found[-1].id) if more else None)
