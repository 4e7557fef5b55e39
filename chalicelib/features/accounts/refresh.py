"""Refresh tokens: opaque to clients, hashed in the database, each one derived from the one before.

    token = family (16 random bytes, the same for all of a session) | generation (4 bytes) | HMAC-SHA256 of both (32)

A token's successor follows from the token and a key of ours, so a client that lost the answer is given the very same
one again, though only its hash was stored. And a token of any age names its session and shows that we made it: one
that was used before ends the session, one that was invented does not.

The key is made from the JWT secret. A rotated secret logs nobody out: what is current is told by its hash alone, and
the previous secrets are tried where a token or its successor was derived before the rotation.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

import msgspec

from chalicelib.core.config import settings

_FAMILY, _GENERATION, _MAC = 16, 4, 32
_GENERATIONS = 256**_GENERATION


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token, taken apart."""

    family: bytes
    generation: int
    mac: bytes

    @property
    def text(self) -> str:
        """As the client holds it."""
        return base64.urlsafe_b64encode(self._bytes).rstrip(b"=").decode()

    @property
    def hash(self) -> bytes:
        """As the database holds it."""
        return hashlib.sha256(self._bytes).digest()

    @property
    def family_hash(self) -> bytes:
        """What all tokens of a session are found by."""
        return hashlib.sha256(self.family).digest()

    @property
    def is_ours(self) -> bool:
        """Whether one of the secrets that we still know made it."""
        return any(hmac.compare_digest(self.mac, _mac(key, self.family, self.generation)) for key in _keys())

    def successors(self) -> "list[RefreshToken]":
        """The next token as each secret derives it, the newest secret first."""
        following = (self.generation + 1) % _GENERATIONS  # around, since an invented token may claim to be the last
        return [RefreshToken(self.family, following, _mac(key, self.family, following)) for key in _keys()]

    @property
    def _bytes(self) -> bytes:
        return _message(self.family, self.generation) + self.mac


def first() -> RefreshToken:
    """The first token of a new session."""
    family = secrets.token_bytes(_FAMILY)
    return RefreshToken(family, 0, _mac(_keys()[0], family, 0))


def firsts(seed: bytes) -> list[RefreshToken]:
    """The same first token for the same seed, as each secret derives it, the newest secret first."""
    families = [hmac.digest(key, b"first " + seed, "sha256")[:_FAMILY] for key in _keys()]
    return [RefreshToken(family, 0, _mac(key, family, 0)) for key, family in zip(_keys(), families, strict=True)]


def read(text: str) -> RefreshToken | None:
    """A token that a client sent; None where it has not even the form of one."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _FAMILY + _GENERATION + _MAC:
        return None
    generation = int.from_bytes(raw[_FAMILY : _FAMILY + _GENERATION])
    return RefreshToken(raw[:_FAMILY], generation, raw[-_MAC:])


def _keys() -> list[bytes]:
    chosen = settings()
    return [
        hmac.digest(secret.encode(), b"refresh tokens", "sha256")
        for secret in (chosen.jwt_secret, *chosen.jwt_previous_secrets)
    ]


def _mac(key: bytes, family: bytes, generation: int) -> bytes:
    return hmac.digest(key, _message(family, generation), "sha256")


def _message(family: bytes, generation: int) -> bytes:
    return family + generation.to_bytes(_GENERATION)
