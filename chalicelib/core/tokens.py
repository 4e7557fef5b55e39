"""Access tokens and socket tickets: JWTs signed with HS256 under a key that has a name and can be rotated."""

import hashlib
from typing import Any, Literal

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import Unauthenticated

_ALGORITHM = "HS256"

Purpose = Literal["access", "ticket"]


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
    import jwt

    try:
        secret = _secrets_by_name()[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=_audience(purpose),
            issuer=settings().jwt_issuer,
            # Not `iat`: the clock of the container that issued it may be a little ahead of ours.
            options={"require": ["exp", "iss", "aud", "sub", "sid", "jti"], "verify_iat": False},
        )
        return Actor(user_id=int(claims["sub"]), session_id=int(claims["sid"])), str(claims["jti"])
    except jwt.ExpiredSignatureError:
        raise Unauthenticated(f"The {purpose} token has expired.") from None
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        raise Unauthenticated(f"The {purpose} token is not valid.") from None


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


def _name_of(secret: str) -> str:
    # Derived, so that a rotated key needs no second setting; eight hex digits tell nothing about the secret.
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:8]
