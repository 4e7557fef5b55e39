"""The end of an account: asked for with the password, taken back by a log-in within 14 days, then done by the sweep.

Messages stay where others have them, under "Deleted user". Groups pass on, files and everything personal go. Each
step is bounded and may be repeated: what a run does not get to is left to the next minute.
"""

import time
from typing import LiteralString

import msgspec

from chalicelib.core import context, db, mail
from chalicelib.core.context import Actor
from chalicelib.core.errors import LastAdmin, WrongPassword
from chalicelib.core.ids import Timestamp
from chalicelib.features.accounts import confirming, letters, passwords
from chalicelib.features.accounts.schemas import Deletion
from chalicelib.features.chats import departing
from chalicelib.features.people import erasing
from chalicelib.features.uploads import service as uploads
from chalicelib.realtime import publish

GRACE_DAYS = 14
# What one step takes away, and how long a run goes on.
_GROUPS, _FILES, _ROWS = 10, 200, 1000
_RUN_SECONDS = 20.0


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    is_last_admin: bool
    delete_after: Timestamp | None
    email: str | None
    session_ids: list[int]


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Count(msgspec.Struct, frozen=True):
    count: int


# An admin's account holds the others': of two that would end at the same moment, one stays.
_ASK: LiteralString = """
WITH admins AS MATERIALIZED (
    SELECT id, delete_after FROM users
    WHERE role = 'admin' AND (SELECT me.role FROM users me WHERE me.id = %(user_id)s) = 'admin'
    ORDER BY id FOR NO KEY UPDATE
), kept AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM admins WHERE id = %(user_id)s)
        AND NOT EXISTS (SELECT FROM admins WHERE id <> %(user_id)s AND delete_after IS NULL) AS is_last_admin
), account AS (
    UPDATE users SET delete_after = coalesce(delete_after, now() + make_interval(days => %(days)s))
    WHERE id = %(user_id)s AND password_changed_at = %(known_change)s
        AND NOT (SELECT is_last_admin FROM kept)
    RETURNING id, email, delete_after
), ended AS (
    UPDATE sessions SET ended_at = now() FROM account
    WHERE sessions.user_id = account.id AND ended_at IS NULL RETURNING sessions.id
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
    SELECT 'deletion_asked', id, 'user', id, %(address)s, %(request_id)s FROM account
)
SELECT is_last_admin, wire_time(delete_after) AS delete_after, email, array(SELECT id FROM ended) AS session_ids
FROM kept LEFT JOIN account ON true
"""


def ask(actor: Actor, password: str) -> Deletion:
    """Has the actor's account deleted after the grace, and ends all sessions.

    Raises RateLimited, WrongPassword, LastAdmin.
    """
    confirmed = confirming.password_confirmed(actor, password)
    given = {"user_id": actor.user_id, "days": GRACE_DAYS, "known_change": confirmed.password_changed_at}
    asked = db.the(_Asked, _ASK, given | context.origin(), actor=actor)
    if asked.is_last_admin:
        raise LastAdmin()
    if asked.delete_after is None:
        raise WrongPassword()
    publish.end_session(user_id=actor.user_id, session_ids=asked.session_ids)
    if asked.email and mail.is_on():
        mail.send(letters.notice("deletion", asked.email))
    return Deletion(delete_after=asked.delete_after)


# Any of those that are due: one that fails must not hold up the others.
_DUE: LiteralString = "SELECT id FROM users WHERE delete_after <= now() ORDER BY random() LIMIT 1"


def sweep() -> int:
    """Deletes accounts whose grace is over, for some seconds; answers how many it finished."""
    until = time.monotonic() + _RUN_SECONDS
    finished = 0
    while time.monotonic() < until:
        due = db.one(_Id, _DUE, {})
        if due is None:
            break
        finished += not _step(due.id)
    return finished


_ERASE_ROWS: LiteralString = "SELECT erase_personal(%(user_id)s, %(most)s) AS count"


def _step(user_id: int) -> bool:
    """Takes away a part of an account; whether anything is left of it. The row, by which it is found, comes last."""
    if departing.leave_groups(user_id, _GROUPS) or uploads.erase(user_id, _FILES):
        return True
    if db.the(_Count, _ERASE_ROWS, {"user_id": user_id, "most": _ROWS}).count:
        return True
    erasing.erase(user_id, password_hash=passwords.NEVER)
    return False
