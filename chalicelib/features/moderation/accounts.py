"""All accounts, for moderators; and their roles, which admins give and take."""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.core.ids import Id
from chalicelib.core.paging import cut, read_cursor, write_cursor
from chalicelib.core.verdicts import Outcome, settled
from chalicelib.features.moderation.schemas import AccountList, AccountQuery, ManagedAccount
from chalicelib.realtime.people import AccountRole


class _Row(msgspec.Struct, frozen=True):
    account: str


class _Changed(Outcome, frozen=True, kw_only=True):
    account: str


# Planned for what is asked: a condition on what was not given is not there then, and the others have their indexes.
# Fewer than three characters are found at the beginning of a word only, as in the search for people.
_LIST: LiteralString = """
SELECT account_json(u, %(actor)s)::text AS account FROM users u
WHERE u.id > %(after)s
    AND (%(inside)s::text IS NULL OR u.erased_at IS NULL AND (
        folded(u.searched) LIKE folded(%(inside)s) OR folded(u.searched) LIKE folded(%(start)s)
    ))
    AND (%(email)s::text IS NULL OR lower(u.email) = lower(%(email)s) AND EXISTS (
        SELECT FROM users v WHERE v.id = %(actor)s AND v.role = 'admin'
    ))
    AND (%(role)s::text IS NULL OR u.role = %(role)s)
    AND (%(state)s::text IS NULL OR CASE %(state)s
        WHEN 'active' THEN account_state(u) = 'active'
        WHEN 'muted' THEN u.id = ANY (ARRAY(
            SELECT s.user_id FROM sanctions s
            WHERE s.kind = 'mute' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
        )) AND account_state(u) = 'muted'
        WHEN 'banned' THEN u.id = ANY (ARRAY(
            SELECT s.user_id FROM sanctions s
            WHERE s.kind = 'ban' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
        )) AND account_state(u) = 'banned'
        WHEN 'leaving' THEN u.delete_after IS NOT NULL
        WHEN 'deleted' THEN u.erased_at IS NOT NULL
    END)
ORDER BY u.id LIMIT %(limit)s
"""


def accounts(actor: Actor, query: AccountQuery) -> AccountList:
    """Accounts in the order of registration, as far as they are what is asked for."""
    key = read_cursor(query.cursor, tuple[Id])
    given = {
        "actor": actor.user_id,
        "after": key[0] if key else 0,
        **_sought((query.q or "").strip()),
        "role": query.role,
        "state": query.state,
        "limit": query.limit + 1,
    }
    rows = db.many(_Row, _LIST, given, actor=actor, plan_anew=True)
    found, more = cut([read_account(row.account) for row in rows], query.limit)
    return AccountList(users=found, has_more=more, next_cursor=write_cursor(found[-1].id) if more else None)


def _sought(q: str) -> dict[str, str | None]:
    if "@" in q[1:]:
        return {"email": q, "inside": None, "start": None}
    text = db.pattern_of(q.removeprefix("@"))
    if not text:
        return {"email": None, "inside": None, "start": None}
    return {"email": None, "inside": f"%{text}%" if len(text) >= 3 else f"% {text}%", "start": f"{text}%"}


_ONE: LiteralString = "SELECT account_json(u, %(actor)s)::text AS account FROM users u WHERE u.id = %(user_id)s"


def account(actor: Actor, user_id: int) -> ManagedAccount:
    """One account. Raises NotFound."""
    row = db.one(_Row, _ONE, {"actor": actor.user_id, "user_id": user_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such user.")
    return read_account(row.account)


# Of all that may stand in the way of it, migrations/functions/change_role.sql decides.
_CHANGE: LiteralString = """
SELECT * FROM change_role(%(user_id)s, %(actor)s, %(role)s, %(address)s, %(request_id)s)
"""


def change_role(actor: Actor, user_id: int, role: AccountRole) -> ManagedAccount:
    """Gives a user another role; again is as once. Raises NotFound, NotYourself, Forbidden."""
    given = {"actor": actor.user_id, "user_id": user_id, "role": role, **context.origin()}
    changed = settled(lambda: db.the(_Changed, _CHANGE, given, actor=actor))
    return read_account(changed.account)


def read_account(text: str) -> ManagedAccount:
    """An account as `account_json()` in PostgreSQL has written it."""
    return msgspec.json.decode(text, type=ManagedAccount)
