"""Passwords: bcrypt, at the configured cost.

bcrypt reads no more than 72 bytes. A longer password is refused in words when it is chosen, never cut.
"""

from chalicelib.core.config import settings
from chalicelib.core.wording import Wrong
from chalicelib.features.accounts import common

MAX_BYTES = 72

# Salt and digest of no password. Checking against them takes as long as against anybody's.
_NOBODY = "." * 53
# The hash of who has no password here.
NEVER = f"$2b$12${_NOBODY}"


def wrong_password(password: str) -> Wrong | None:
    """Why a password cannot be chosen: bcrypt would have to cut it, or everybody tries it."""
    if len(password.encode()) > MAX_BYTES:
        return Wrong(
            "too_long",
            "must have at most {most} bytes, and most letters that are not Latin take two",
            {"most": MAX_BYTES},
        )
    if password not in settings().allowed_passwords and common.is_common(password):
        return Wrong("common", "must not be one of the passwords that everybody tries")
    return None


def hashed(password: str) -> str:
    """The password's hash, in bcrypt's own notation (60 characters)."""
    import bcrypt

    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(settings().bcrypt_cost)).decode()


def matches(password: str, kept: str | None) -> bool:
    """Whether this is the password of a kept hash; None, for an unknown name, costs the same time and is never it."""
    import bcrypt

    given = password.encode()
    fits = len(given) <= MAX_BYTES and kept is not None
    same = bcrypt.checkpw(given[:MAX_BYTES], (kept or f"$2b${settings().bcrypt_cost:02}${_NOBODY}").encode())
    return fits and same


def is_outdated(kept: str) -> bool:
    """Whether a hash was made at a lower cost than is asked for today."""
    return int(kept.split("$")[2]) < settings().bcrypt_cost
