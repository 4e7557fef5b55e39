"""The password of somebody who is logged in: asked for again before what a thief of the session must not do."""

from datetime import datetime
from typing import LiteralString

import msgspec

from chalicelib.core import db, ratelimit
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import SessionEnded, WrongPassword
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.features.accounts import passwords


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """Whose password fitted. What is done with it is done only while it is still theirs."""

    user_id: int
    password_changed_at: datetime


class _Attempt(Allowance, frozen=True, kw_only=True):
    password_hash: str | None
    password_changed_at: datetime | None


_ATTEMPT: LiteralString = """
SELECT taken.*, u.password_hash, u.password_changed_at
FROM take_allowance('password:' || %(user_id)s, %(burst)s, make_interval(secs => %(window)s)) taken
LEFT JOIN users u ON u.id = %(user_id)s AND taken.allowed
"""


def password_confirmed(actor: Actor, password: str) -> Confirmed:
    """Raises RateLimited, WrongPassword, SessionEnded."""
    policy = Policy(name="passwords", quota=settings().logins)
    given = {"user_id": actor.user_id, "burst": policy.burst, "window": policy.window}
    attempt = db.the(_Attempt, _ATTEMPT, given, actor=actor)
    ratelimit.refuse_unless_allowed(policy, attempt)
    if attempt.password_changed_at is None:
        raise SessionEnded()
    if not passwords.matches(password, attempt.password_hash):
        raise WrongPassword(headers=ratelimit.headers(policy, attempt))
    return Confirmed(user_id=actor.user_id, password_changed_at=attempt.password_changed_at)
