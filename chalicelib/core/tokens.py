"""Access tokens and socket tickets: JWTs signed with HS256 under a key that has a name and can be rotated."""

import base64
import functools
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Literal

import msgspec

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import Unauthenticated

_ALGORITHM = "HS256"

Purpose = Literal["access", "ticket"]


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str
    crit: object = msgspec.UNSET


class _Claims(msgspec.Struct, frozen=True):
    """Not `iat`: the clock of the container that issued the token may be a little ahead of ours."""

    iss: str
    aud: str
    sub: str
    sid: int
    exp: int
    jti: str
    nbf: int = 0


def issue(actor: Actor, purpose: Purpose) -> tuple[str, int]:
    """A token for `actor`, and the seconds it lives."""
    import jwt

    chosen = settings()
    lifetime = chosen.access_token_seconds if purpose == "access" else chosen.ticket_seconds
    now = int(clock.now())
    claims = {
        "iss": chosen.jwt_issuer,
        "aud": _audience(purpose),
        "sub": str(actor.user_id),
        "sid": actor.session_id,
        "iat": now,
        "exp": now + lifetime,
        "jti": ids.random_id(),
    }
    secret = _signing_secret()
    return jwt.encode(claims, secret, algorithm=_ALGORITHM, headers={"kid": _name_of(secret)}), lifetime


def verify(token: str, purpose: Purpose) -> tuple[Actor, str]:
    """Who a token speaks for, and its own id (`jti`).

    Raises Unauthenticated for a token that is expired, forged, of another issuer, purpose, key or algorithm.
    """
    secrets = _secrets_by_name()
    try:
        claims = _claims(token, secrets)
        now = time.time()
        if claims.exp <= now:
            raise Unauthenticated(f"The {purpose} token has expired.")
        if claims.nbf > now or claims.iss != settings().jwt_issuer or claims.aud != _audience(purpose):
            raise Unauthenticated(f"The {purpose} token is not valid.")
        return Actor(user_id=int(claims.sub), session_id=claims.sid), claims.jti
    except (msgspec.MsgspecError, KeyError, ValueError, TypeError):
        raise Unauthenticated(f"The {purpose} token is not valid.") from None


def _claims(token: str, secrets: Mapping[str, str]) -> _Claims:
    """What a token claims, once its signature is found good.

    PyJWT does the same in forty times as many calls: every request would wait for them.
    """
    signed, _, signature = token.rpartition(".")
    header, _, claims = signed.partition(".")
    told = msgspec.json.decode(_decoded(header), type=_Header)
    if told.alg != _ALGORITHM or told.crit is not msgspec.UNSET:
        raise ValueError("another algorithm, or an extension that would have to be understood")
    made = hmac.digest(secrets[told.kid].encode(), signed.encode("ascii"), "sha256")
    # Compared as text, so that a signature has one spelling.
    if not hmac.compare_digest(base64.urlsafe_b64encode(made).rstrip(b"="), signature.encode("ascii")):
        raise ValueError("forged")
    return msgspec.json.decode(_decoded(claims), type=_Claims)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _audience(purpose: Purpose) -> str:
    # A ticket must not pass for an access token, nor the reverse.
    return f"{settings().jwt_audience}:{purpose}"


def _signing_secret() -> str:
    secret = settings().jwt_secret
    if not secret:
        raise LookupError("JWT_SECRET is not set")
    return secret


def _secrets_by_name() -> dict[str, str]:
    return {_name_of(secret): secret for secret in (_signing_secret(), *settings().jwt_previous_secrets)}


@functools.lru_cache(maxsize=8)
def _name_of(secret: str) -> str:
    # Derived, so that a rotated key needs no second setting; eight hex digits tell nothing about the secret.
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:8]
