"""Another password: by whoever knows the one before, or by a letter to whoever has forgotten it.

Asking for the letter does not tell whether an account has the address: the same is written, queued and answered.
"""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db, mail, ratelimit
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import LetterExpired, WrongPassword
from chalicelib.core.http import Request
from chalicelib.core.ratelimit import Allowance, Policy, network_of
from chalicelib.features.accounts import confirming, letters, one_time, passwords
from chalicelib.features.accounts.one_time import OneTimeToken
from chalicelib.realtime import publish

# The owner of an address has these letters already: to spend them keeps nobody from a new password.
_LETTERS_AN_HOUR = 5


class _Changed(msgspec.Struct, frozen=True, kw_only=True):
    user_id: int
    email: str | None
    session_ids: list[int]


class _Asked(Allowance, frozen=True, kw_only=True):
    email: str | None


class _Known(Allowance, frozen=True, kw_only=True):
    user_id: int | None


_CHANGE: LiteralString = """
WITH changed AS (
    SELECT * FROM set_password(%(user_id)s, %(known_change)s, %(password_hash)s, %(session_id)s)
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
    SELECT 'password_changed', user_id, 'user', user_id, %(address)s, %(request_id)s FROM changed
)
SELECT * FROM changed
"""


def change(actor: Actor, current: str, password: str) -> None:
    """Changes the actor's password and ends their other sessions. Raises RateLimited, WrongPassword."""
    confirmed = confirming.password_confirmed(actor, current)
    given = {
        "user_id": actor.user_id,
        "known_change": confirmed.password_changed_at,
        "password_hash": passwords.hashed(password),
        "session_id": actor.session_id,
        **context.origin(),
    }
    changed = db.one(_Changed, _CHANGE, given, actor=actor)
    if changed is None:  # changed meanwhile: it is not the current one any more
        raise WrongPassword()
    _tell(changed)


_ASK: LiteralString = """
WITH address AS MATERIALIZED (
    SELECT * FROM take_allowance('reset:address:' || %(network)s, %(burst)s, make_interval(secs => %(window)s))
), named AS MATERIALIZED (
    SELECT taken.allowed FROM address, take_allowance(
        'reset:email:' || lower(%(email)s), CASE WHEN address.allowed THEN %(letters)s::integer END, interval '1 hour'
    ) taken
), account AS (
    SELECT id, email FROM users WHERE lower(email) = lower(%(email)s)
), token AS (
    INSERT INTO letter_tokens (hash, user_id, purpose, email, expires_at)
    SELECT %(hash)s, account.id, 'reset', coalesce(account.email, ''), now() + make_interval(secs => %(lifetime)s)
    FROM address LEFT JOIN account ON true WHERE address.allowed
)
SELECT address.allowed, address.remaining, address.retry_after,
    CASE WHEN named.allowed THEN account.email END AS email
FROM address CROSS JOIN named LEFT JOIN account ON address.allowed
"""


def ask(email: str, request: Request) -> dict[str, str]:
    """Sends a letter to this address if it is an account's; answers the RateLimit headers, the same in either case.

    Raises MailOff, RateLimited.
    """
    mail.check_is_on()
    policy = Policy(name="resets", quota=settings().logins)
    token = one_time.new()
    given = {
        "email": email,
        "network": network_of(request.address),
        "burst": policy.burst,
        "window": policy.window,
        "letters": _LETTERS_AN_HOUR if settings().rate_limits else None,
        "hash": token.hash,
        "lifetime": one_time.RESET_SECONDS,
    }
    asked = db.the(_Asked, _ASK, given)
    ratelimit.refuse_unless_allowed(policy, asked)
    mail.send(letters.with_token("reset", asked.email or "", token.text), needed=True)
    return ratelimit.headers(policy, asked)


_KNOWN: LiteralString = """
SELECT taken.*, t.user_id
FROM take_allowance('reset:token:' || %(network)s, %(burst)s, make_interval(secs => %(window)s)) taken
LEFT JOIN letter_tokens t ON taken.allowed AND t.hash = %(hash)s AND t.purpose = 'reset' AND t.expires_at > now()
"""
_RESET: LiteralString = """
WITH used AS (
    DELETE FROM letter_tokens t WHERE t.hash = %(hash)s AND t.purpose = 'reset' AND t.expires_at > now()
    RETURNING t.user_id, t.email
), changed AS (
    SELECT new.* FROM used JOIN users u ON u.id = used.user_id AND lower(u.email) = lower(used.email),
        set_password(u.id, NULL, %(password_hash)s, NULL) new
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
    SELECT 'password_reset', user_id, 'user', user_id, %(address)s, %(request_id)s FROM changed
)
SELECT * FROM changed
"""


def reset(token: OneTimeToken, password: str, request: Request) -> None:
    """Gives whoever has the letter another password, and ends all sessions. Raises RateLimited, LetterExpired."""
    policy = Policy(name="resets", quota=settings().logins)
    given = {
        "hash": token.hash,
        "network": network_of(request.address),
        "burst": policy.burst,
        "window": policy.window,
    }
    known = db.the(_Known, _KNOWN, given)
    ratelimit.refuse_unless_allowed(policy, known)
    if known.user_id is None:
        raise LetterExpired()
    chosen = {"hash": token.hash, "password_hash": passwords.hashed(password), **context.origin()}
    changed = db.one(_Changed, _RESET, chosen)
    if changed is None:
        raise LetterExpired()
    _tell(changed)


def _tell(changed: _Changed) -> None:
    publish.end_session(user_id=changed.user_id, session_ids=changed.session_ids)
    if changed.email and mail.is_on():
        mail.send(letters.notice("password_changed", changed.email))
