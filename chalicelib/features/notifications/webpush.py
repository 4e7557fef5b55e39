"""Web Push: a message encrypted for one browser (RFC 8291), and what shows who sends it (VAPID, RFC 8292).

`cryptography` is in the layer of the function that sends alone, so it is imported inside the functions here.
"""

import base64
import os
import struct
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from chalicelib.core import clock

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

# A push service takes 4,096 bytes, of which 103 are around the text.
MOST_BYTES = 3993
_RECORD_BYTES = 4096
# Push services refuse what is valid for more than a day.
_VALID_SECONDS = 12 * 60 * 60
# How many scalars of P-256 there are.
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Pair(NamedTuple):
    """The keys of a service, base64url: browsers know the public one."""

    private: str
    public: str


class KeyRefusedError(ValueError):
    """A subscription's key is no point of the curve."""


def pair_of(seed: bytes) -> Pair:
    """The keys that come of a secret of 32 bytes or more."""
    import hashlib

    from cryptography.hazmat.primitives.asymmetric import ec

    scalar = int.from_bytes(hashlib.sha512(b"vapid" + seed).digest(), "big") % (_ORDER - 1) + 1
    public = ec.derive_private_key(scalar, ec.SECP256R1()).public_key()
    return Pair(_text(scalar.to_bytes(32, "big")), _text(_point(public)))


def authorization(endpoint: str, pair: Pair, contact: str) -> str:
    """The header that shows the service to the push service of an endpoint; `contact` is where it reaches us."""
    import jwt

    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(clock.now()) + _VALID_SECONDS, "sub": contact}
    return f"vapid t={jwt.encode(claims, _private(pair.private), algorithm='ES256')}, k={pair.public}"


def encrypted(text: bytes, p256dh: str, auth: str) -> bytes:
    """The body of a message, in one record of `aes128gcm`. Raises KeyRefusedError, and ValueError for a long text."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(text) > MOST_BYTES:
        raise ValueError("the text is too long for a push service")
    theirs, secret = _bytes(p256dh), _bytes(auth)
    try:
        their_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    except ValueError as error:
        raise KeyRefusedError("no point of the curve") from error
    own_key = ec.generate_private_key(ec.SECP256R1())
    ours, salt = _point(own_key.public_key()), os.urandom(16)
    shared = own_key.exchange(ec.ECDH(), their_key)
    material = _derived(shared, secret, b"WebPush: info\0" + theirs + ours, 32)
    content_key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    # 2 ends the last record.
    sealed = AESGCM(content_key).encrypt(nonce, text + b"\x02", None)
    return salt + struct.pack(">IB", _RECORD_BYTES, len(ours)) + ours + sealed


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


def _private(text: str) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(int.from_bytes(_bytes(text), "big"), ec.SECP256R1())


def _point(key: object) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
