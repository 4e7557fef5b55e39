"""A second factor beside the password: turned on by a code, asked for at each log-in, and turned off by another one.

Who holds the password and guesses codes is stopped by an allowance of the account's. Nobody without it comes so far.
"""

import hashlib
import secrets
from typing import LiteralString

import msgspec

from chalicelib.core import context, db, mail, ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import SecondFactorNeeded, SecondFactorOff, SecondFactorOn, WrongCode
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.features.accounts import confirming, letters, totp
from chalicelib.features.accounts.schemas import NewSecondFactor, RecoveryCodeList, SecondFactorState

_CODES = 10
_GROUPS, _GROUP = 4, 4
# Without letters that look alike.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_TRIES_AN_HOUR = 10


class _Begun(msgspec.Struct, frozen=True):
    username: str


class _Factor(msgspec.Struct, frozen=True, kw_only=True):
    secret: bytes | None
    is_on: bool
    email: str | None


class _State(msgspec.Struct, frozen=True, kw_only=True):
    is_on: bool
    left: int


class _Used(Allowance, frozen=True, kw_only=True):
    is_used: bool


_STATE: LiteralString = """
SELECT EXISTS (SELECT FROM second_factors WHERE user_id = %(user_id)s AND confirmed_at IS NOT NULL) AS is_on,
    (SELECT count(*) FROM recovery_codes WHERE user_id = %(user_id)s) AS left
"""


def state(actor: Actor) -> SecondFactorState:
    """Whether the actor's second factor is on, and how many recovery codes are left."""
    found = db.the(_State, _STATE, {"user_id": actor.user_id}, actor=actor)
    return SecondFactorState(is_on=found.is_on, recovery_codes_left=found.left)


_BEGIN: LiteralString = """
WITH begun AS (
    INSERT INTO second_factors AS f (user_id, secret) VALUES (%(user_id)s, %(secret)s)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, last_step = 0 WHERE f.confirmed_at IS NULL
    RETURNING f.user_id
)
SELECT u.username FROM begun JOIN users u ON u.id = begun.user_id
"""


def begin(actor: Actor, password: str) -> NewSecondFactor:
    """A secret for the actor's authenticator; nothing is asked for before `confirm`.

    Raises RateLimited, WrongPassword, SecondFactorOn.
    """
    confirming.password_confirmed(actor, password)
    secret = totp.new_secret()
    begun = db.one(_Begun, _BEGIN, {"user_id": actor.user_id, "secret": secret}, actor=actor)
    if begun is None:
        raise SecondFactorOn()
    return NewSecondFactor(secret=totp.written(secret), uri=totp.uri(secret, begun.username))


_FACTOR: LiteralString = """
SELECT f.secret, f.confirmed_at IS NOT NULL AS is_on, u.email
FROM users u LEFT JOIN second_factors f ON f.user_id = u.id WHERE u.id = %(user_id)s
"""
_CONFIRM: LiteralString = """
WITH changed AS (
    UPDATE second_factors SET confirmed_at = now()
    WHERE user_id = %(user_id)s AND secret = %(secret)s AND confirmed_at IS NULL
    RETURNING user_id
), kept AS (
    INSERT INTO recovery_codes (user_id, hash) SELECT user_id, unnest(%(hashes)s::bytea[]) FROM changed
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
    SELECT 'second_factor_on', user_id, 'user', user_id, %(address)s, %(request_id)s FROM changed
)
SELECT true AS is_on, cardinality(%(hashes)s::bytea[]) AS left FROM changed
"""


def confirm(actor: Actor, code: str) -> RecoveryCodeList:
    """Turns the second factor on by a first code, and answers the recovery codes, this once.

    Raises RateLimited, WrongCode, SecondFactorOn, SecondFactorOff.
    """
    factor = db.the(_Factor, _FACTOR, {"user_id": actor.user_id}, actor=actor)
    if factor.secret is None:
        raise SecondFactorOff()
    if factor.is_on:
        raise SecondFactorOn()
    check_code(actor.user_id, factor.secret, code)
    codes = [_new_code() for _ in range(_CODES)]
    given = {"user_id": actor.user_id, "secret": factor.secret, "hashes": [_hash(one) for one in codes]}
    if db.one(_State, _CONFIRM, given | context.origin(), actor=actor) is None:
        raise SecondFactorOn()  # by another device of theirs, meanwhile
    _tell("second_factor_on", factor.email)
    return RecoveryCodeList(recovery_codes=codes)


_TURN_OFF: LiteralString = """
WITH codes AS (
    DELETE FROM recovery_codes WHERE user_id = %(user_id)s
), changed AS (
    DELETE FROM second_factors WHERE user_id = %(user_id)s RETURNING user_id
)
INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
SELECT 'second_factor_off', user_id, 'user', user_id, %(address)s, %(request_id)s FROM changed
"""


def turn_off(actor: Actor, password: str, code: str) -> None:
    """Asks for no codes any more. Raises RateLimited, WrongPassword, WrongCode, SecondFactorOff."""
    confirming.password_confirmed(actor, password)
    factor = db.the(_Factor, _FACTOR, {"user_id": actor.user_id}, actor=actor)
    if factor.secret is None or not factor.is_on:
        raise SecondFactorOff()
    check_code(actor.user_id, factor.secret, code)
    db.execute(_TURN_OFF, {"user_id": actor.user_id, **context.origin()}, actor=actor)
    _tell("second_factor_off", factor.email)


_USE: LiteralString = """
SELECT * FROM use_code(
    %(user_id)s, %(step)s, %(recovery)s, %(burst)s::integer, make_interval(secs => %(window)s)
)
"""


def check_code(user_id: int, secret: bytes, code: str) -> None:
    """Uses a code of the authenticator, or a recovery code. Raises RateLimited, WrongCode."""
    typed = code.replace(" ", "").replace("-", "").lower()
    policy = Policy(name="codes", quota=_TRIES_AN_HOUR, window=60 * 60)
    given = {
        "user_id": user_id,
        "step": totp.step_of(secret, typed),
        "recovery": _hash(typed),
        "burst": policy.burst,
        "window": policy.window,
    }
    used = db.the(_Used, _USE, given)
    ratelimit.refuse_unless_allowed(policy, used)
    if not used.is_used:
        raise WrongCode(headers=ratelimit.headers(policy, used))


def check_if_on(actor: Actor, code: str | None) -> None:
    """Uses a code where the actor has a second factor. Raises SecondFactorNeeded, RateLimited, WrongCode."""
    factor = db.the(_Factor, _FACTOR, {"user_id": actor.user_id}, actor=actor)
    if factor.secret is None or not factor.is_on:
        return
    if code is None:
        raise SecondFactorNeeded()
    check_code(actor.user_id, factor.secret, code)


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.replace("-", "").encode()).digest()


def _tell(kind: letters.Notice, email: str | None) -> None:
    if email and mail.is_on():
        mail.send(letters.notice(kind, email))
