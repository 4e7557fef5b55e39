"""Logging in by a passkey, without a name or a password: the authenticator says whose it is.

It asks who is there, by a PIN, a finger or a face. So it is two factors, and no code is asked for besides.
Whatever is wrong is one refusal: nothing tells which passkeys are known.
"""

from datetime import datetime
from typing import LiteralString

import msgspec

from chalicelib.core import context, db, ratelimit
from chalicelib.core.config import settings
from chalicelib.core.errors import PasskeyRefused
from chalicelib.core.http import Request
from chalicelib.core.ratelimit import Allowance, Policy, network_of
from chalicelib.features.accounts import ceremonies, service, store
from chalicelib.features.accounts.passkey_schemas import RequestOptions, SignedCredential
from chalicelib.features.accounts.schemas import Admission


class _Attempt(Allowance, frozen=True, kw_only=True):
    passkey_id: int | None
    user_id: int | None
    public_key: bytes | None
    password_hash: str | None
    password_changed_at: datetime | None
    ban: str | None


class _Noted(msgspec.Struct, frozen=True):
    is_newer: bool


_BEGIN: LiteralString = """
WITH address AS MATERIALIZED (
    SELECT * FROM take_allowance('passkey:address:' || %(network)s, %(burst)s, make_interval(secs => %(window)s))
), asked AS (
    INSERT INTO passkey_challenges (hash, expires_at)
    SELECT %(hash)s, now() + make_interval(secs => %(lifetime)s) FROM address WHERE address.allowed
)
SELECT * FROM address
"""


def begin(request: Request) -> tuple[RequestOptions, dict[str, str]]:
    """What an authenticator is to sign for a log-in, and the RateLimit headers. Raises RateLimited."""
    challenge, policy = ceremonies.new_challenge(), _policy()
    given = {"hash": ceremonies.hashed(challenge), "lifetime": ceremonies.SECONDS, **_limits(policy, request)}
    allowance = db.the(Allowance, _BEGIN, given)
    ratelimit.refuse_unless_allowed(policy, allowance)
    options = RequestOptions(
        challenge=ceremonies.written(challenge),
        timeout=ceremonies.SECONDS * 1000,
        rp_id=ceremonies.host(),
        user_verification="required",
    )
    return options, ratelimit.headers(policy, allowance)


# The challenge is used up whatever comes of it.
_TRY: LiteralString = """
WITH address AS MATERIALIZED (
    SELECT * FROM take_allowance('login:address:' || %(network)s, %(burst)s, make_interval(secs => %(window)s))
), challenge AS (
    DELETE FROM passkey_challenges c USING address
    WHERE address.allowed AND c.hash = %(hash)s AND c.user_id IS NULL AND c.expires_at > now()
    RETURNING c.hash
)
SELECT address.*, p.id AS passkey_id, p.user_id, p.public_key, u.password_hash, u.password_changed_at,
    ban_of(p.user_id) AS ban
FROM address LEFT JOIN challenge ON true
LEFT JOIN passkeys p ON challenge.hash IS NOT NULL AND p.credential_id = %(credential_id)s
LEFT JOIN users u ON u.id = p.user_id
"""


def log_in(credential: SignedCredential, request: Request) -> tuple[Admission, dict[str, str]]:
    """Opens a session; answers with the RateLimit headers. Raises RateLimited, PasskeyRefused, Banned."""
    challenge, policy = ceremonies.challenge_of(credential.response.client_data), _policy()
    given = {
        "hash": ceremonies.hashed(challenge),
        "credential_id": ceremonies.read(credential.id),
        **_limits(policy, request),
    }
    tried = db.the(_Attempt, _TRY, given)
    ratelimit.refuse_unless_allowed(policy, tried)
    account = _account(tried)
    if account is None or tried.public_key is None:
        raise PasskeyRefused()
    signed = ceremonies.signed(credential, challenge, tried.public_key)
    service.refuse_if_banned(account)
    _note(tried, signed)
    admission = service.admitted(account, request)
    if admission is None:  # deleted, or the password was changed meanwhile
        raise PasskeyRefused()
    return admission, ratelimit.headers(policy, tried)


def _account(tried: _Attempt) -> store.Account | None:
    """Whose passkey it is; what the passkey proves counts as the second factor too."""
    if tried.user_id is None or tried.password_hash is None or tried.password_changed_at is None:
        return None
    return store.Account(
        user_id=tried.user_id,
        password_hash=tried.password_hash,
        password_changed_at=tried.password_changed_at,
        secret=b"",
        ban=tried.ban,
    )


# A count that is not above the known one is that of a copy. Those that do not count say 0 for ever.
_NOTE: LiteralString = """
WITH used AS (
    UPDATE passkeys SET sign_count = %(sign_count)s, is_synced = %(is_synced)s, used_at = now()
    WHERE id = %(passkey_id)s AND (sign_count < %(sign_count)s OR sign_count = 0 AND %(sign_count)s = 0)
    RETURNING id
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    SELECT 'passkey_copied', NULL, 'user', p.user_id, jsonb_build_object('name', p.name), %(address)s, %(request_id)s
    FROM passkeys p WHERE p.id = %(passkey_id)s AND NOT EXISTS (SELECT FROM used)
)
SELECT EXISTS (SELECT FROM used) AS is_newer
"""


def _note(tried: _Attempt, signed: ceremonies.Signed) -> None:
    given = {"passkey_id": tried.passkey_id, **msgspec.structs.asdict(signed), **context.origin()}
    if not db.the(_Noted, _NOTE, given).is_newer:
        raise PasskeyRefused()


def _policy() -> Policy:
    return Policy(name="logins", quota=settings().logins)


def _limits(policy: Policy, request: Request) -> dict[str, object]:
    return {"network": network_of(request.address), "burst": policy.burst, "window": policy.window}
