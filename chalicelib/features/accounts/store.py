"""Accounts and sessions in PostgreSQL."""

from datetime import datetime
from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.http import Request
from chalicelib.core.ids import MAX_ID
from chalicelib.core.ratelimit import Allowance, Policy, network_of
from chalicelib.features.accounts.refresh import RefreshToken
from chalicelib.features.accounts.schemas import Registration, Session


class Names(Allowance, frozen=True, kw_only=True):
    """Whether one more may register, and whether the names are free."""

    username_taken: bool
    email_taken: bool


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who may be logging in."""

    user_id: int
    password_hash: str
    password_changed_at: datetime


class _Attempt(Allowance, frozen=True, kw_only=True):
    user_id: int | None
    password_hash: str | None
    password_changed_at: datetime | None


class Opened(msgspec.Struct, frozen=True):
    """A new session, and its user in JSON."""

    session_id: int
    user_id: int
    profile: str


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a registration with an Idempotency-Key: whether it was this one, and its session if it lives."""

    is_same: bool
    session_id: int | None
    refresh_hash: bytes | None
    profile: str


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """A session whose refresh token was offered: the newest one, the one before within the grace, or another."""

    session_id: int
    user_id: int
    is_newest: bool
    is_repeated: bool
    refresh_hash: bytes
    profile: str


class _Id(msgspec.Struct, frozen=True):
    id: int


_TRY_NAMES: LiteralString = """
SELECT allowed, remaining, retry_after,
    allowed AND EXISTS (
        SELECT FROM users WHERE lower(username) = lower(%(username)s)
        UNION ALL SELECT FROM users WHERE name_skeleton(username) = name_skeleton(%(username)s)
    ) AS username_taken,
    allowed AND EXISTS (SELECT FROM users WHERE lower(email) = lower(%(email)s)) AS email_taken
FROM take_allowance('register:' || %(network)s, %(burst)s, make_interval(secs => %(window)s))
"""


def try_names(asked: Registration, request: Request, policy: Policy) -> Names:
    """Takes from the address's registrations, and looks whether the names are free."""
    given = {
        "username": asked.username,
        "email": asked.email,
        "network": network_of(request.address),
        "burst": policy.burst,
        "window": policy.window,
    }
    return db.the(Names, _TRY_NAMES, given)


_REGISTER: LiteralString = """
WITH account AS (
    INSERT INTO users (username, email, password_hash, first_name, last_name, display_name)
    VALUES (
        %(username)s, %(email)s, %(password_hash)s, %(first_name)s, %(last_name)s,
        left(coalesce(nullif(btrim(%(first_name)s || ' ' || %(last_name)s), ''), %(username)s), 100)
    )
    RETURNING id, user_json(users, id)::text AS profile
), session AS (
    INSERT INTO sessions (user_id, family_hash, refresh_hash, expires_at, user_agent, address)
    SELECT id, %(family_hash)s, %(refresh_hash)s, now() + make_interval(secs => %(lifetime)s),
        %(user_agent)s, %(address)s
    FROM account
    RETURNING id
), kept AS (
    INSERT INTO idempotency_keys (user_id, key, fingerprint)
    SELECT id, %(key)s, encode(%(family_hash)s, 'hex') FROM account WHERE %(key)s::text IS NOT NULL
)
SELECT session.id AS session_id, account.id AS user_id, profile FROM account CROSS JOIN session
"""


def register(asked: Registration, password_hash: str, token: RefreshToken, request: Request) -> Opened:
    """Makes an account and its first session, by which its Idempotency-Key is known again.

    Raises UsernameTaken, EmailTaken.
    """
    given = {
        "username": asked.username,
        "email": asked.email,
        "password_hash": password_hash,
        "first_name": asked.first_name,
        "last_name": asked.last_name,
        "key": request.idempotency_key,
        **_session(token, request),
    }
    return db.the(Opened, _REGISTER, given)


_REGISTERED: LiteralString = """
SELECT k.fingerprint = ANY(%(fingerprints)s) AS is_same, s.id AS session_id, s.refresh_hash,
    user_json(u, u.id)::text AS profile
FROM users u
JOIN idempotency_keys k ON k.user_id = u.id AND k.key = %(key)s AND k.created_at > now() - interval '24 hours'
LEFT JOIN sessions s ON s.family_hash = decode(k.fingerprint, 'hex') AND s.user_id = u.id
    AND s.ended_at IS NULL AND s.expires_at > now()
WHERE lower(u.username) = lower(%(username)s)
"""


def registered(username: str, key: str, possible: list[RefreshToken]) -> Registered | None:
    """What is known of a user's registration with this key, None where they did not use it within a day."""
    fingerprints = [token.family_hash.hex() for token in possible]
    return db.one(Registered, _REGISTERED, {"username": username, "key": key, "fingerprints": fingerprints})


# An address that has spent its allowance takes nothing from the account's: its owner can still log in elsewhere.
_TRY_LOGIN: LiteralString = """
WITH address AS MATERIALIZED (
    SELECT * FROM take_allowance('login:address:' || %(network)s, %(burst)s, make_interval(secs => %(window)s))
), account AS MATERIALIZED (
    SELECT taken.* FROM address, take_allowance(
        'login:account:' || lower(%(name)s), CASE WHEN address.allowed THEN %(burst)s::integer END,
        make_interval(secs => %(window)s)
    ) taken
)
SELECT address.allowed AND account.allowed AS allowed, least(address.remaining, account.remaining) AS remaining,
    greatest(address.retry_after, account.retry_after) AS retry_after,
    users.id AS user_id, password_hash, password_changed_at
FROM address CROSS JOIN account LEFT JOIN users ON address.allowed AND account.allowed
    AND (lower(username) = lower(%(username)s) OR lower(email) = lower(%(email)s))
"""


def try_login(name: str, request: Request, policy: Policy) -> tuple[Allowance, Account | None]:
    """Takes from the logins of the name and of the address, and looks the name up, if it may.

    The allowance belongs to the name as it was given, known or not, so that it does not tell which name is known.
    """
    by_email = "@" in name
    given = {
        "name": name,
        "network": network_of(request.address),
        "burst": policy.burst,
        "window": policy.window,
        "username": None if by_email else name,
        "email": name if by_email else None,
    }
    row = db.the(_Attempt, _TRY_LOGIN, given)
    if row.user_id is None or row.password_hash is None or row.password_changed_at is None:
        return row, None
    return row, Account(
        user_id=row.user_id, password_hash=row.password_hash, password_changed_at=row.password_changed_at
    )


# The password that was checked must still be the account's: it may have been changed while it was checked, and that
# ended the sessions which there were.
_OPEN_SESSION: LiteralString = """
WITH account AS (
    SELECT id, user_json(users, id)::text AS profile FROM users
    WHERE id = %(user_id)s AND password_changed_at = %(password_changed_at)s
), upgraded AS (
    UPDATE users SET password_hash = %(upgraded)s
    WHERE id = (SELECT id FROM account) AND %(upgraded)s::text IS NOT NULL
), session AS (
    INSERT INTO sessions (user_id, family_hash, refresh_hash, expires_at, user_agent, address)
    SELECT id, %(family_hash)s, %(refresh_hash)s, now() + make_interval(secs => %(lifetime)s),
        %(user_agent)s, %(address)s
    FROM account
    RETURNING id
)
SELECT session.id AS session_id, account.id AS user_id, profile FROM account CROSS JOIN session
"""


def open_session(account: Account, *, upgraded: str | None, token: RefreshToken, request: Request) -> Opened | None:
    """Logs in a user whose password fitted; None where the password was changed meanwhile."""
    given = {
        "user_id": account.user_id,
        "password_changed_at": account.password_changed_at,
        "upgraded": upgraded,
        **_session(token, request),
    }
    return db.one(Opened, _OPEN_SESSION, given)


# The lock lets refreshes of one session in one at a time; who waited sees the row as it is then.
_REFRESH: LiteralString = """
WITH offered AS MATERIALIZED (
    SELECT id, user_id, refresh_hash, refresh_hash = %(offered)s AS is_newest,
        previous_hash IS NOT DISTINCT FROM %(offered)s
            AND rotated_at > now() - make_interval(secs => %(grace)s) AS is_repeated
    FROM sessions WHERE family_hash = %(family_hash)s AND ended_at IS NULL AND expires_at > now()
    FOR UPDATE
), rotated AS (
    UPDATE sessions SET refresh_hash = %(successor)s, previous_hash = %(offered)s, rotated_at = now(),
        expires_at = now() + make_interval(secs => %(lifetime)s)
    FROM offered WHERE sessions.id = offered.id AND is_newest
    RETURNING sessions.refresh_hash
), ended AS (
    UPDATE sessions SET ended_at = now()
    FROM offered WHERE sessions.id = offered.id AND NOT is_newest AND NOT is_repeated AND %(is_ours)s
)
SELECT offered.id AS session_id, user_id, is_newest, is_repeated,
    coalesce((SELECT refresh_hash FROM rotated), refresh_hash) AS refresh_hash,
    user_json(u, u.id)::text AS profile
FROM offered JOIN users u ON u.id = user_id
"""


def refresh(token: RefreshToken, successor: RefreshToken) -> Refreshed | None:
    """Puts `successor` in the place of a session's newest token; None where no living session knows the family.

    A token that is neither the newest, nor the one before within the grace, ends the session if we made it.
    """
    given = {
        "family_hash": token.family_hash,
        "offered": token.hash,
        "is_ours": token.is_ours,
        "successor": successor.hash,
        "grace": settings().refresh_grace_seconds,
        "lifetime": settings().refresh_token_seconds,
    }
    return db.one(Refreshed, _REFRESH, given)


_REQUIRE_SESSION: LiteralString = "SELECT require_session(%(user_id)s, %(session_id)s)"


def require_session(actor: Actor) -> None:
    """Raises SessionEnded where the actor's session is over."""
    db.execute(_REQUIRE_SESSION, {"user_id": actor.user_id, "session_id": actor.session_id})


_SESSIONS: LiteralString = """
SELECT id, id = %(session_id)s AS current, user_agent, address, wire_time(created_at) AS created_at,
    wire_time(rotated_at) AS refreshed_at, wire_time(expires_at) AS expires_at
FROM sessions
WHERE user_id = %(user_id)s AND ended_at IS NULL AND expires_at > now() AND id < %(before)s
ORDER BY id DESC
LIMIT %(limit)s
"""


def sessions(actor: Actor, *, before: int | None, limit: int) -> list[Session]:
    """The actor's living sessions, the newest first."""
    given = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "before": before or MAX_ID,
        "limit": limit,
    }
    return db.many(Session, _SESSIONS, given, actor=actor)


_LOG_OUT: LiteralString = """
UPDATE sessions SET ended_at = now()
WHERE user_id = %(user_id)s AND ended_at IS NULL AND (id = %(session_id)s OR family_hash = %(family_hash)s)
RETURNING id
"""


def log_out(actor: Actor, token: RefreshToken | None) -> list[int]:
    """Ends the actor's session, and that of a refresh token of theirs; answers the ids of what ended."""
    given = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "family_hash": token and token.family_hash,
    }
    return [row.id for row in db.many(_Id, _LOG_OUT, given, actor=actor)]


_LOG_OUT_ALL: LiteralString = """
UPDATE sessions SET ended_at = now() WHERE user_id = %(user_id)s AND ended_at IS NULL RETURNING id
"""


def log_out_all(actor: Actor) -> list[int]:
    """Ends all of the actor's sessions; answers the ids of what ended."""
    return [row.id for row in db.many(_Id, _LOG_OUT_ALL, {"user_id": actor.user_id}, actor=actor)]


_END_SESSION: LiteralString = """
UPDATE sessions SET ended_at = coalesce(ended_at, now())
WHERE id = %(session_id)s AND user_id = %(user_id)s
RETURNING id
"""


def end_session(actor: Actor, session_id: int) -> bool:
    """Ends one of the actor's sessions; again is as once. Answers whether there is such a one."""
    given = {"session_id": session_id, "user_id": actor.user_id}
    return db.one(_Id, _END_SESSION, given, actor=actor) is not None


def _session(token: RefreshToken, request: Request) -> dict[str, object]:
    return {
        "family_hash": token.family_hash,
        "refresh_hash": token.hash,
        "lifetime": settings().refresh_token_seconds,
        "user_agent": request.user_agent,
        "address": request.address,
    }
