"""A server that answers every request at once, over TLS: `python -m bench.sink CERTIFICATE [ANSWERS]`.

It answers as API Gateway answers a post. ANSWERS is JSON: the body for each operation that an `x-amz-target` names,
in which PORT stands for its own port. It runs in a process of its own, so that its time is not counted, prints its
port, and ends when its input does.
"""

import asyncio
import datetime
import ipaddress
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_HEAD = (
    "HTTP/1.1 200 OK\r\n"
    "Date: Fri, 20 Nov 2026 09:30:00 GMT\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: {size}\r\n"
    "Connection: keep-alive\r\n"
    "x-amzn-RequestId: 6e1bd2a1-0b8e-4a53-9f8e-5d3d0fbc8f04\r\n"
    "x-amz-apigw-id: UoqzGH9rliAEVwg=\r\n\r\n"
)


def make_certificate(path: Path) -> Path:
    """Writes a key and a certificate for 127.0.0.1, signed by itself, so that it serves as the CA file too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=7))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(pem))
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    """A TLS server's context with a certificate that `make_certificate` wrote."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def running(certificate: Path, answers: Mapping[str, str] | None = None) -> Iterator[int]:
    """The port of a sink in a process of its own."""
    command = [sys.executable, "-m", "bench.sink", str(certificate), json.dumps(dict(answers or {}))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


class _Sink(asyncio.Protocol):
    def __init__(self, answers: Mapping[bytes, bytes]) -> None:
        self._answers = answers
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            _, _, length = head.partition(b"\r\ncontent-length:")
            _, _, target = head.partition(b"\r\nx-amz-target:")
            operation = target.split(b"\r\n", 1)[0].rpartition(b".")[2]
            total = end + 4 + int(length.split(b"\r\n", 1)[0] or 0)
            if len(self._received) < total:
                return
            self._received = self._received[total:]
            self._transport.write(self._answers[operation])


async def _serve(certificate: Path, answers: Mapping[str, str]) -> None:
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    port = listener.getsockname()[1]
    written = {b"": _answer("")}
    written |= {name.lower().encode(): _answer(body.replace("PORT", str(port))) for name, body in answers.items()}
    await loop.create_server(lambda: _Sink(written), sock=listener, ssl=server_context(certificate), backlog=512)
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def _answer(body: str) -> bytes:
    return (_HEAD.format(size=len(body)) + body).encode()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), json.loads(sys.argv[2]) if sys.argv[2:] else {}))
