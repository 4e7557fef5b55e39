"""A server that answers every request as API Gateway answers a post, over TLS: `python -m bench.sink CERTIFICATE`.

It runs in a process of its own, so that its time is not counted, prints its port, and ends when its input does.
"""

import asyncio
import datetime
import ipaddress
import ssl
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_ANSWER = (
    b"HTTP/1.1 200 OK\r\n"
    b"Date: Fri, 20 Nov 2026 09:30:00 GMT\r\n"
    b"Content-Type: application/json\r\n"
    b"Content-Length: 0\r\n"
    b"Connection: keep-alive\r\n"
    b"x-amzn-RequestId: 6e1bd2a1-0b8e-4a53-9f8e-5d3d0fbc8f04\r\n"
    b"x-amz-apigw-id: UoqzGH9rliAEVwg=\r\n\r\n"
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


class _Sink(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            _, _, length = head.partition(b"\r\ncontent-length:")
            total = end + 4 + int(length.split(b"\r\n", 1)[0] or 0)
            if len(self._received) < total:
                return
            self._received = self._received[total:]
            self._transport.write(_ANSWER)


async def _serve(certificate: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Sink, "127.0.0.1", 0, ssl=server_context(certificate), backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
