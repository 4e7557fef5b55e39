"""Codes by time (RFC 6238): six digits by HMAC-SHA1 of the half minute that it is, as authenticators make them."""

import base64
import hmac
import secrets
from urllib.parse import quote, urlencode

from chalicelib.core import clock
from chalicelib.core.config import settings

STEP_SECONDS = 30
_DIGITS = 6
_SECRET_BYTES = 20
# Clocks differ, and people type slowly.
_STEPS_OFF = 1


def new_secret() -> bytes:
    """A secret that nobody can guess."""
    return secrets.token_bytes(_SECRET_BYTES)


def written(secret: bytes) -> str:
    """A secret as people type it into an authenticator."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, username: str) -> str:
    """What an authenticator reads from a QR code."""
    issuer = settings().service
    label = quote(f"{issuer}:{username}")
    return f"otpauth://totp/{label}?{urlencode({'secret': written(secret), 'issuer': issuer})}"


def code_at(secret: bytes, step: int) -> str:
    """The code of one step of time."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def step_of(secret: bytes, code: str) -> int | None:
    """The step, now or beside it, whose code this is."""
    now = int(clock.now()) // STEP_SECONDS
    steps = range(now - _STEPS_OFF, now + _STEPS_OFF + 1)
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), code.encode())]
    return found[-1] if found else None
