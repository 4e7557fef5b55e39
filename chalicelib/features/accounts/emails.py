"""The address of an account: letters to it, and a change of it, are proved by a token that only its owner reads."""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db, mail, ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import LetterExpired, NoEmail
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.features.accounts import confirming, letters, one_time
from chalicelib.features.accounts.one_time import OneTimeToken

_LETTERS_AN_HOUR = 5


class _Asked(Allowance, frozen=True, kw_only=True):
    email: str | None
    is_verified: bool


class _Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    user_id: int
    email: str
    before: str | None


# The allowance bounds what one account can have others be sent.
_ASK: LiteralString = """
WITH taken AS MATERIALIZED (
    SELECT * FROM take_allowance('letters:' || %(user_id)s, %(burst)s, make_interval(secs => %(window)s))
), account AS (
    SELECT id, coalesce(%(email)s::text, email) AS email,
        %(email)s::text IS NULL AND email_verified_at IS NOT NULL AS is_verified
    FROM users WHERE id = %(user_id)s
), token AS (
    INSERT INTO letter_tokens (hash, user_id, purpose, email, expires_at)
    SELECT %(hash)s, account.id, %(purpose)s, account.email, now() + make_interval(secs => %(lifetime)s)
    FROM taken, account WHERE taken.allowed AND account.email IS NOT NULL AND NOT account.is_verified
)
SELECT taken.*, account.email, coalesce(account.is_verified, false) AS is_verified
FROM taken LEFT JOIN account ON true
"""


def ask_for_verification(actor: Actor) -> None:
    """Sends a letter to the actor's address, unless it is verified. Raises MailOff, RateLimited, NoEmail."""
    mail.check_is_on()
    token = one_time.new()
    asked = _asked(actor, token, "verify", None)
    if asked.email is None:
        raise NoEmail()
    if not asked.is_verified:
        mail.send(letters.with_token("verify", asked.email, token.text), needed=True)


def ask_for_change(actor: Actor, email: str, password: str) -> None:
    """Sends a letter to another address; the account has it once that is confirmed.

    Whether another account has it is told to nobody but its owner. Raises MailOff, RateLimited, WrongPassword.
    """
    mail.check_is_on()
    confirming.password_confirmed(actor, password)
    token = one_time.new()
    _asked(actor, token, "change", email)
    mail.send(letters.with_token("change", email, token.text), needed=True)


def _asked(actor: Actor, token: OneTimeToken, purpose: str, email: str | None) -> _Asked:
    policy = Policy(name="letters", quota=_LETTERS_AN_HOUR, window=one_time.HOUR)
    given = {
        "user_id": actor.user_id,
        "burst": policy.burst,
        "window": policy.window,
        "hash": token.hash,
        "purpose": purpose,
        "email": email,
        "lifetime": one_time.EMAIL_SECONDS,
    }
    asked = db.the(_Asked, _ASK, given, actor=actor)
    ratelimit.refuse_unless_allowed(policy, asked)
    return asked


_CONFIRM: LiteralString = """
WITH confirmed AS (
    SELECT * FROM confirm_email(%(hash)s)
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, address, request_id)
    SELECT CASE WHEN before IS NULL THEN 'email_verified' ELSE 'email_changed' END, user_id, 'user', user_id,
        %(address)s, %(request_id)s
    FROM confirmed
)
SELECT * FROM confirmed
"""


def confirm(token: OneTimeToken) -> None:
    """Uses the token of a letter: its address is the account's, and verified. Raises LetterExpired, EmailTaken."""
    confirmed = db.one(_Confirmed, _CONFIRM, {"hash": token.hash, **context.origin()})
    if confirmed is None:
        raise LetterExpired()
    if confirmed.before and mail.is_on():
        mail.send(letters.notice("email_changed", confirmed.before))
