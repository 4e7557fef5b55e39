"""Access tokens and socket tickets: JWTs signed with HS256 under a key that has a name and can be rotated."""

import base64
import functools
import hashlib
import hmac
from typing import Any, Literal, NamedTuple

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import Unauthenticated

_ALGORITHM = "HS256"

Purpose = Literal["access", "ticket"]


class _Verified(NamedTuple):
    actor: Actor
    token_id: str
    expires_at: int


def issue(actor: Actor, purpose: Purpose, *, seconds: int | None = None) -> tuple[str, int]:
    """A token for `actor`, and the seconds it lives: so many, or as many as is usual."""
    import jwt

    chosen = settings()
    lifetime = seconds or (chosen.access_token_seconds if purpose == "access" else chosen.ticket_seconds)
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


def bare(shown: str) -> str:
    """A token as a client shows it, without the `Bearer ` that many write before it."""
    scheme, _, token = shown.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else shown.strip()


def verify(token: str, purpose: Purpose) -> tuple[Actor, str]:
    """Who a token speaks for, and its own id (`jti`).

    Raises Unauthenticated for a token that is expired, forged, of another issuer, purpose, key or algorithm.
    """
    import jwt

    chosen = settings()
    secrets = (_signing_secret(), *chosen.jwt_previous_secrets)
    try:
        verified = _verified(token, _audience(purpose), chosen.jwt_issuer, secrets)
        if verified.expires_at <= clock.now():
            raise jwt.ExpiredSignatureError
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("The {purpose} token has expired.", values={"purpose": purpose}) from None
    except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
        raise Unauthenticated("The {purpose} token is not valid.", values={"purpose": purpose}) from None
    return verified.actor, verified.token_id


def issue_file(upload_id: int) -> str:
    """What opens a file without an access token, for as long as a lasting token lives: a part of a URL.

    Whoever has it may read the file; it is made for those who may.
    """
    until = int(clock.now()) // _FILE_STEP * _FILE_STEP + _FILE_STEP + settings().token_seconds
    return f"{upload_id}.{until}.{_file_mark(upload_id, until, _signing_secret())}"


def verify_file(token: str) -> int:
    """The upload that a token opens. Raises Unauthenticated for one that is expired or forged."""
    upload_id, until, mark = [*token.split("."), "", ""][:3]
    if not (upload_id.isdigit() and until.isdigit() and len(token) < _LONGEST_FILE_TOKEN):
        raise Unauthenticated("This link is not valid.")
    secrets = (_signing_secret(), *settings().jwt_previous_secrets)
    marks = [_file_mark(int(upload_id), int(until), secret) for secret in secrets]
    if not any(hmac.compare_digest(known, mark) for known in marks):
        raise Unauthenticated("This link is not valid.")
    if int(until) <= clock.now():
        raise Unauthenticated("This link has expired.")
    return int(upload_id)


# Links that are made within an hour are the same, so that clients find the file in their caches.
_FILE_STEP = 60 * 60
_LONGEST_FILE_TOKEN = 100


def _file_mark(upload_id: int, until: int, secret: str) -> str:
    said = f"file:{settings().jwt_audience}:{upload_id}:{until}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), said, "sha256")[:18]).decode()


# A client shows the same token with each request, and checking one costs half as much as a page of history. The same
# token under the same keys is found to say the same; only its end has to be looked at again.
@functools.lru_cache(maxsize=1024)
def _verified(token: str, audience: str, issuer: str, secrets: tuple[str, ...]) -> _Verified:
    """What a good token says. Raises PyJWT's errors, KeyError, ValueError or TypeError for any other."""
    import jwt

    secret = {_name_of(secret): secret for secret in secrets}[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(
        token,
        secret,
        algorithms=[_ALGORITHM],
        audience=audience,
        issuer=issuer,
        # Not `iat`: the clock of the container that issued it may be a little ahead of ours.
        options={"require": ["exp", "iss", "aud", "sub", "sid", "jti"], "verify_iat": False},
    )
    actor = Actor(user_id=int(claims["sub"]), session_id=int(claims["sid"]))
    return _Verified(actor, str(claims["jti"]), int(claims["exp"]))


def _audience(purpose: Purpose) -> str:
    # A ticket must not pass for an access token, nor the reverse.
    return f"{settings().jwt_audience}:{purpose}"


def _signing_secret() -> str:
    secret = settings().jwt_secret
    if not secret:
        raise LookupError("JWT_SECRET is not set")
    return secret


def _name_of(secret: str) -> str:
    # Derived, so that a rotated key needs no second setting; eight hex digits tell nothing about the secret.
    return hashlib.sha256(b"kid:" + secret.encode()).hexdigest()[:8]
