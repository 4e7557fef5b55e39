"""The two ceremonies of WebAuthn: a passkey is made, and a passkey signs a log-in.

Each signs a challenge of ours, which is used once. The `webauthn` library checks what was signed. It is imported when
something is to be checked, from a layer that no other import sees (core/libraries.py).
"""

import base64
import binascii
import hashlib
import secrets
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chalicelib.core import libraries
from chalicelib.core.config import settings
from chalicelib.core.errors import PasskeyRefused
from chalicelib.core.logs import logger
from chalicelib.features.accounts.passkey_schemas import NewCredential, SignedCredential

SECONDS = 5 * 60
# EdDSA, ES256, RS256: what authenticators of today make.
ALGORITHMS = (-8, -7, -257)
_BYTES = 32
_HERE = "localhost"
_LOOPBACK = ("127.0.0.1", "::1", "")


class MadeKey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that an authenticator has made for us."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator says when it signs."""

    sign_count: int
    is_synced: bool


class _ClientData(msgspec.Struct, frozen=True):
    challenge: str
    origin: str


def new_challenge() -> bytes:
    """What is to be signed; nobody can guess it."""
    return secrets.token_bytes(_BYTES)


def hashed(challenge: bytes) -> bytes:
    """A challenge as the database has it."""
    return hashlib.sha256(challenge).digest()


def written(value: bytes) -> str:
    """Bytes as WebAuthn has them in JSON."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def read(text: str) -> bytes:
    """The bytes. Raises PasskeyRefused."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise PasskeyRefused() from None


def host() -> str:
    """The host name that passkeys are bound to. An address is none, and so one's own machine goes by its name."""
    chosen = settings()
    found = chosen.passkey_host or urlsplit(chosen.public_url).hostname or ""
    return _HERE if found in _LOOPBACK else found


def challenge_of(client_data: str) -> bytes:
    """What was signed, as it is claimed. Raises PasskeyRefused."""
    return read(_read_client_data(client_data).challenge)


def made(credential: NewCredential, challenge: bytes) -> MadeKey:
    """The passkey that was made for this challenge. Raises PasskeyRefused."""
    origin = _origin_of(credential.response.client_data)
    libraries.reach()
    import webauthn
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    try:
        verified = webauthn.verify_registration_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        )
    except Exception as error:  # the bytes are a stranger's, and each format of them breaks in its own way
        raise _refused(error) from error
    return MadeKey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        is_synced=verified.credential_backed_up,
    )


def signed(credential: SignedCredential, challenge: bytes, public_key: bytes) -> Signed:
    """What the passkey with this public key signed for this challenge. Raises PasskeyRefused.

    The count is for the caller to compare with the one that is known.
    """
    origin = _origin_of(credential.response.client_data)
    libraries.reach()
    import webauthn

    try:
        verified = webauthn.verify_authentication_response(
            credential=_plain(credential),
            expected_challenge=challenge,
            expected_rp_id=host(),
            expected_origin=origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as error:  # as above
        raise _refused(error) from error
    return Signed(sign_count=verified.new_sign_count, is_synced=verified.credential_backed_up)


def _origin_of(client_data: str) -> str:
    """The page or app that asked the authenticator, which must be ours. Raises PasskeyRefused."""
    origin = _read_client_data(client_data).origin
    allowed = settings().passkey_origins
    if not (origin in allowed if allowed else _is_of_our_host(origin)):
        raise _refused(ValueError("another origin"))
    return origin


def _is_of_our_host(origin: str) -> bool:
    """Browsers have a page of one's own machine by http, at any port."""
    if host() != _HERE:
        return origin == f"https://{host()}"
    scheme, _, rest = origin.partition("://")
    name, _, port = rest.partition(":")
    return scheme in {"http", "https"} and name == _HERE and (port == "" or port.isdecimal())


def _read_client_data(client_data: str) -> _ClientData:
    try:
        return msgspec.json.decode(read(client_data), type=_ClientData)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PasskeyRefused() from None


def _plain(credential: NewCredential | SignedCredential) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(credential)
    return plain


def _refused(error: Exception) -> PasskeyRefused:
    """The client is not told what was wrong with it; whoever runs this finds it in the log."""
    logger().info("passkey refused", extra={"reason": str(error)[:200]})
    return PasskeyRefused()
