"""A push service on a port of this machine, and a browser that subscribes there and reads what arrives."""

import base64
import contextlib
import http.server
import json
import secrets
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_WAIT_SECONDS = 30.0


@dataclass
class Pushed:
    """One message as it came."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Browser:
    """A browser with one subscription; it alone can read what is sent to that."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def subscription(self) -> dict[str, Any]:
        """What `PushSubscription.toJSON()` gives."""
        keys = {"p256dh": text(point(self.key.public_key())), "auth": text(self.secret)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    @property
    def device(self) -> dict[str, Any]:
        """The body that registers it."""
        return {"platform": "webpush", "subscription": self.subscription}

    def read(self, pushed: Pushed) -> dict[str, Any]:
        """Decrypts a message as RFC 8291 says."""
        salt, size, length = pushed.body[:16], *struct.unpack(">IB", pushed.body[16:21])
        theirs, sealed = pushed.body[21 : 21 + length], pushed.body[21 + length :]
        assert len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\0" + point(self.key.public_key()) + theirs
        material = derived(shared, self.secret, info, 32)
        key = derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
        opened = AESGCM(key).decrypt(derived(material, salt, b"Content-Encoding: nonce\0", 12), sealed, None)
        assert opened.rstrip(b"\0")[-1:] == b"\x02"
        told: dict[str, Any] = json.loads(opened.rstrip(b"\0")[:-1])
        return told


@dataclass
class PushService:
    """A running push service. `answers` are the next statuses and headers; then it takes everything."""

    host: str
    came: list[Pushed] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def browser(self) -> Browser:
        """Another browser that has subscribed."""
        return Browser(f"http://{self.host}/push/{secrets.token_urlsafe(16)}")

    def to(self, browser: Browser) -> list[Pushed]:
        """What came for a browser."""
        return [each for each in self.came if browser.endpoint.endswith(each.path)]

    def wait_for(self, browser: Browser, count: int) -> list[dict[str, Any]]:
        """What a browser reads, once so many messages have come for it: for tests that leave timers behind."""
        until = time.monotonic() + _WAIT_SECONDS
        while len(self.to(browser)) < count and time.monotonic() < until:
            time.sleep(0.01)
        told = [browser.read(each) for each in self.to(browser)]
        assert len(told) == count, told
        return told


@contextlib.contextmanager
def running() -> Iterator[PushService]:
    """A push service for a while."""
    service = PushService("")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.came.append(Pushed(self.path, headers, body))
            status, more = service.answers.pop(0) if service.answers else (201, {})
            self.send_response(status)
            for name, value in {**more, "content-length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.host = f"127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def vapid_claims(pushed: Pushed) -> tuple[dict[str, Any], str]:
    """What shows the sender, verified by the key that is shown with it; and that key."""
    scheme, token, key = pushed.headers["authorization"].replace(",", "").split()
    assert scheme == "vapid"
    public = bytes_of(key.removeprefix("k="))
    verifier = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    audience = f"http://{pushed.headers['host']}"
    claims: dict[str, Any] = jwt.decode(token.removeprefix("t="), verifier, algorithms=["ES256"], audience=audience)
    return claims, key.removeprefix("k=")


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key's 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """By HKDF."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(material)


def text(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def bytes_of(given: str) -> bytes:
    """The same back."""
    return base64.urlsafe_b64decode(given + "=" * (-len(given) % 4))
