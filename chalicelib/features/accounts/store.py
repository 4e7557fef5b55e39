"""Accounts, and the sessions that they open, in PostgreSQL."""

import hashlib
from datetime import datetime
from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.core.config import settings
from chalicelib.core.http import Request
from chalicelib.core.ratelimit import Allowance, Policy, network_of
from chalicelib.features.accounts.one_time import EMAIL_SECONDS, OneTimeToken
from chalicelib.features.accounts.refresh import RefreshToken
from chalicelib.features.accounts.schemas import Registration


class Names(Allowance, frozen=True, kw_only=True):
    """Whether one more may register, and whether the names are free."""

    username_taken: bool
    email_taken: bool


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who may be logging in."""

    user_id: int
    password_hash: str
    password_changed_at: datetime
    secret: bytes | None  # of the second factor, where there is one
    ban: str | None  # in JSON, where one is in force


class _Attempt(Allowance, frozen=True, kw_only=True):
    user_id: int | None
    password_hash: str | None
    password_changed_at: datetime | None
    secret: bytes | None
    ban: str | None


class Opened(msgspec.Struct, frozen=True):
    """A new session, and its user in JSON."""

    session_id: int
    user_id: int
    profile: str
    is_new_device: bool


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
), device AS (
    INSERT INTO known_devices (user_id, device) SELECT id, %(device)s FROM account
), place AS (
    INSERT INTO known_networks (user_id, network) SELECT id, %(network)s FROM account
), token AS (
    INSERT INTO letter_tokens (hash, user_id, purpose, email, expires_at)
    SELECT %(token_hash)s, id, 'verify', %(email)s, now() + make_interval(secs => %(token_lifetime)s)
    FROM account WHERE %(token_hash)s::bytea IS NOT NULL
)
SELECT session.id AS session_id, account.id AS user_id, profile, false AS is_new_device
FROM account CROSS JOIN session
"""


def register(
    asked: Registration,
    password_hash: str,
    token: RefreshToken,
    request: Request,
    letter_token: OneTimeToken | None,
) -> Opened:
    """Makes an account and its first session, by which its Idempotency-Key is known again.

    The address is verified by the letter's token, where a letter is sent.

    Raises UsernameTaken, EmailTaken.
    """
    given = {
        "username": asked.username,
        "email": asked.email,
        "password_hash": password_hash,
        "first_name": asked.first_name,
        "last_name": asked.last_name,
        "key": request.idempotency_key,
        "token_hash": letter_token and letter_token.hash,
        "token_lifetime": EMAIL_SECONDS,
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


# An address that has spent its allowance takes nothing from the account's. Where the account has been logged in from
# there is one of its own: nobody who tries passwords elsewhere can spend it.
_TRY_LOGIN: LiteralString = """
WITH address AS MATERIALIZED (
    SELECT * FROM take_allowance('login:address:' || %(network)s, %(burst)s, make_interval(secs => %(window)s))
), named AS MATERIALIZED (
    SELECT users.* FROM address JOIN users ON address.allowed
        AND (lower(username) = lower(%(username)s) OR lower(email) = lower(%(email)s))
), familiar AS MATERIALIZED (
    SELECT EXISTS (
        SELECT FROM named JOIN known_networks k ON k.user_id = named.id AND k.network = %(network)s
    ) AS is_familiar
), account AS MATERIALIZED (
    SELECT taken.* FROM address, familiar, take_allowance(
        'login:account:' || lower(%(name)s) || CASE WHEN is_familiar THEN ' ' || %(network)s ELSE '' END,
        CASE WHEN address.allowed THEN %(burst)s::integer END,
        make_interval(secs => %(window)s)
    ) taken
)
SELECT address.allowed AND account.allowed AS allowed, least(address.remaining, account.remaining) AS remaining,
    greatest(address.retry_after, account.retry_after) AS retry_after,
    named.id AS user_id, password_hash, password_changed_at,
    (SELECT f.secret FROM second_factors f WHERE f.user_id = named.id AND f.confirmed_at IS NOT NULL) AS secret,
    ban_of(named.id) AS ban
FROM address CROSS JOIN account LEFT JOIN named ON account.allowed
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
        user_id=row.user_id,
        password_hash=row.password_hash,
        password_changed_at=row.password_changed_at,
        secret=row.secret,
        ban=row.ban,
    )


# The password that was checked must still be the account's: it may have been changed while it was checked, and that
# ended the sessions which there were. The row is held until the session is there to be seen by who changes it.
_OPEN_SESSION: LiteralString = """
WITH account AS (
    SELECT id, user_json(users, id)::text AS profile FROM users
    WHERE id = %(user_id)s AND password_changed_at = %(password_changed_at)s
        AND (delete_after IS NULL OR delete_after > now()) AND (%(has_code)s OR NOT EXISTS (
        SELECT FROM second_factors f WHERE f.user_id = users.id AND f.confirmed_at IS NOT NULL
    ))
    FOR NO KEY UPDATE
), upgraded AS (
    UPDATE users SET password_hash = coalesce(%(upgraded)s, password_hash), delete_after = NULL
    WHERE id = (SELECT id FROM account) AND (%(upgraded)s::text IS NOT NULL OR delete_after IS NOT NULL)
), session AS (
    INSERT INTO sessions (user_id, family_hash, refresh_hash, expires_at, user_agent, address)
    SELECT id, %(family_hash)s, %(refresh_hash)s, now() + make_interval(secs => %(lifetime)s),
        %(user_agent)s, %(address)s
    FROM account WHERE NOT is_banned(id)
    RETURNING id
), device AS (
    INSERT INTO known_devices (user_id, device) SELECT id, %(device)s FROM account
    ON CONFLICT (user_id, device) DO UPDATE SET seen_at = now()
), place AS (
    INSERT INTO known_networks (user_id, network) SELECT id, %(network)s FROM account
    ON CONFLICT (user_id, network) DO UPDATE SET seen_at = now()
), new AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM known_devices k WHERE k.user_id = account.id)
        AND NOT EXISTS (SELECT FROM known_devices k WHERE k.user_id = account.id AND k.device = %(device)s)
        AS is_new_device
    FROM account
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    SELECT 'login_from_new_device', account.id, 'user', account.id,
        jsonb_build_object('userAgent', %(user_agent)s::text), %(address)s, %(request_id)s
    FROM account CROSS JOIN session CROSS JOIN new WHERE is_new_device
)
SELECT session.id AS session_id, account.id AS user_id, profile, is_new_device
FROM account CROSS JOIN session CROSS JOIN new
"""


def open_session(account: Account, *, upgraded: str | None, token: RefreshToken, request: Request) -> Opened | None:
    """Logs in a user whose password fitted; None where the password was changed, or a factor turned on."""
    given = {
        "user_id": account.user_id,
        "password_changed_at": account.password_changed_at,
        "has_code": account.secret is not None,
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


def _session(token: RefreshToken, request: Request) -> dict[str, object]:
    return {
        "family_hash": token.family_hash,
        "refresh_hash": token.hash,
        "lifetime": settings().refresh_token_seconds,
        "user_agent": request.user_agent,
        "address": request.address,
        "network": network_of(request.address),
        "device": hashlib.sha256(request.user_agent.encode()).digest(),
        "request_id": context.current().request_id,
    }
