"""Tokens of letters: opaque, used once within their time, and hashed in the database."""

import hashlib
import secrets

import msgspec

_BYTES = 24
HOUR = 60 * 60
RESET_SECONDS = HOUR
EMAIL_SECONDS = 24 * HOUR


class OneTimeToken(msgspec.Struct, frozen=True):
    """A token as the letter has it."""

    text: str

    @property
    def hash(self) -> bytes:
        """As the database has it."""
        return hashlib.sha256(self.text.encode()).digest()


def new() -> OneTimeToken:
    """A token that nobody can guess."""
    return OneTimeToken(secrets.token_urlsafe(_BYTES))
