"""A passkey as an authenticator has it: made for one host, signing for pages of it, with faults where a test asks."""

import hashlib
import json
import os
from typing import Any, Literal

import cbor2
import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from chalicelib.features.accounts.ceremonies import written
from tests.support.people import PASSWORD, Person

Kind = Literal["ES256", "RS256", "EdDSA"]
_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
HOST, ORIGIN = "localhost", "http://localhost:8000"
PRESENT, VERIFIED, SYNCABLE, SYNCED, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


class Passkey:
    """One key pair. `count` is how often it has signed; `host`, `origin` and `flags` are what it claims."""

    def __init__(self, kind: Kind = "ES256") -> None:
        self.id = os.urandom(32)
        self.count = 0
        self.host, self.origin = HOST, ORIGIN
        self.flags = PRESENT | VERIFIED
        self._key = _key_of(kind)

    def made(self, challenge: str, **claimed: Any) -> dict[str, Any]:
        """What `credential.toJSON()` is after `navigator.credentials.create`."""
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cbor2.dumps(self._public())
        data = self._data(self.flags | ATTESTED) + attested
        response = {
            "clientDataJSON": written(self._client_data("webauthn.create", challenge, **claimed)),
            "attestationObject": written(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "hybrid", "telepathy"],
            "publicKeyAlgorithm": -7,
        }
        return self._credential(response)

    def signed(self, challenge: str, **claimed: Any) -> dict[str, Any]:
        """What it is after `navigator.credentials.get`."""
        data = self._data(self.flags)
        client_data = self._client_data("webauthn.get", challenge, **claimed)
        response = {
            "clientDataJSON": written(client_data),
            "authenticatorData": written(data),
            "signature": written(self._sign(data + hashlib.sha256(client_data).digest())),
            "userHandle": written(b"whoever"),
        }
        return self._credential(response)

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = written(self.id)
        about = {"authenticatorAttachment": "platform", "clientExtensionResults": {}}
        return {"id": name, "rawId": name, "type": "public-key", "response": response, **about}

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client_data(self, kind: str, challenge: str, **claimed: Any) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said | claimed).encode()

    def _public(self) -> dict[int, Any]:
        """As COSE has it."""
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            point = self._key.public_key().public_numbers()
            return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)}
        if isinstance(self._key, rsa.RSAPrivateKey):
            numbers = self._key.public_key().public_numbers()
            return {1: 3, 3: -257, -1: numbers.n.to_bytes(256), -2: numbers.e.to_bytes(3)}
        return {1: 1, 3: -8, -1: 6, -2: self._key.public_key().public_bytes_raw()}

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(data)


def _key_of(kind: Kind) -> _Key:
    if kind == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "RS256":
        return rsa.generate_private_key(65537, 2048)
    return ed25519.Ed25519PrivateKey.generate()


def challenge_for(person: Person, **more: str) -> str:
    """What a new passkey of somebody's is to sign."""
    begun = person.http.post("/auth/passkeys/options", json={"password": PASSWORD, **more})
    return str(begun.raise_for_status().json()["challenge"])


def add(person: Person, passkey: Passkey, name: str = "phone") -> dict[str, Any]:
    """The passkey as the service lists it, from now on theirs."""
    body = {"name": name, "credential": passkey.made(challenge_for(person))}
    kept: dict[str, Any] = person.http.post("/auth/passkeys", json=body).raise_for_status().json()
    return kept


def login_challenge(client: httpx.Client) -> str:
    """What is to be signed for a log-in."""
    return str(client.post("/auth/passkeys/login/options").raise_for_status().json()["challenge"])


def log_in(client: httpx.Client, passkey: Passkey, **claimed: Any) -> httpx.Response:
    """What a log-in by this passkey answers."""
    credential = passkey.signed(login_challenge(client), **claimed)
    return client.post("/auth/passkeys/login", json={"credential": credential})
