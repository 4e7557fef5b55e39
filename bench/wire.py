"""The client of `bench.figures`: raw WebSocket and HTTP/1.1 on asyncio, with next to no time of its own.

A client library would take longer for a frame than the floor server does.
"""

import asyncio
import struct
from collections.abc import Callable

_HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_TEXT, _CLOSE = 0x1, 0x8
_SECONDS = 30.0


class WireError(RuntimeError):
    """The server refused, or said something that this client does not know."""


class Socket(asyncio.Protocol):
    """A WebSocket. `heard` gets the text of each frame."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._heard = heard
        self._received = b""
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, host: str, path: str, heard: Callable[[bytes], None]) -> "Socket":
        """An open socket to `ws://HOST/PATH`. Raises WireError."""
        name, _, port = host.partition(":")
        loop = asyncio.get_running_loop()
        transport, socket = await loop.create_connection(lambda: cls(heard), name, int(port))
        transport.write(_HANDSHAKE.format(path=path, host=host).encode())
        await asyncio.wait_for(socket.opened, _SECONDS)
        return socket

    def send(self, text: bytes) -> None:
        """Sends a text frame. Its mask is zero, which leaves the text as it is."""
        assert self._transport is not None
        size = len(text)
        length = struct.pack("!B", 0x80 | size) if size < 126 else struct.pack("!BH", 0xFE, size)
        self._transport.write(b"\x81" + length + b"\0\0\0\0" + text)

    def close(self) -> None:
        """Closes it without a farewell."""
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(WireError(f"closed by the server: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self.opened.done():
            self._open()
        if self.opened.done():
            self._read_frames()

    def _open(self) -> None:
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        self._received = rest
        if head.startswith(b"HTTP/1.1 101"):
            self.opened.set_result(None)
        else:
            self.opened.set_exception(WireError(head.decode(errors="replace")))

    def _read_frames(self) -> None:
        received, at = self._received, 0
        while (left := len(received) - at) >= 2:
            size, start = received[at + 1], at + 2
            if size >= 126:
                width = 2 if size == 126 else 8
                if left < 2 + width:
                    break
                size, start = int.from_bytes(received[start : start + width], "big"), start + width
            if len(received) < start + size:
                break
            kind = received[at] & 0xF
            if kind == _CLOSE:
                raise WireError(f"closed by the server: {received[start : start + size]!r}")
            if kind == _TEXT:
                self._heard(received[start : start + size])
            at = start + size
        self._received = received[at:]


class Talker:
    """A socket whose user sends and waits for the ack; `events` counts the new messages it was told."""

    def __init__(self) -> None:
        self.events = 0
        self._socket: Socket | None = None
        self._number = 0
        self._ack: tuple[bytes, asyncio.Future[bytes]] | None = None

    @classmethod
    async def connect(cls, host: str, path: str) -> "Talker":
        """An open one."""
        talker = cls()
        talker._socket = await Socket.connect(host, path, talker._heard)
        return talker

    async def send(self, data: bytes) -> bytes:
        """Sends a message with this JSON, and waits for the ack."""
        assert self._socket is not None
        self._number += 1
        name = b'"id":"%d"' % self._number
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._ack = name, future
        self._socket.send(b'{"action":"message:send",%s,"data":%s}' % (name, data))
        return await asyncio.wait_for(future, _SECONDS)

    def close(self) -> None:
        """Closes the socket."""
        assert self._socket is not None
        self._socket.close()

    def _heard(self, text: bytes) -> None:
        if text.startswith(b'{"type":"message:new"'):
            self.events += 1
        elif self._ack is not None and self._ack[0] in text[:40]:
            future = self._ack[1]
            if text.startswith(b'{"type":"ack"'):
                future.set_result(text)
            else:
                future.set_exception(WireError(text.decode()))


class Requester(asyncio.Protocol):
    """A kept HTTP connection, with one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[bytes] | None = None

    @classmethod
    async def connect(cls, host: str) -> "Requester":
        """An open one."""
        name, _, port = host.partition(":")
        _, made = await asyncio.get_running_loop().create_connection(cls, name, int(port))
        return made

    async def request(self, request: bytes) -> bytes:
        """The body of an answer with status 200 or 201. Raises WireError for any other."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._received = b""
        self._transport.write(request)
        return await asyncio.wait_for(self._answer, _SECONDS)

    def close(self) -> None:
        """Closes the connection."""
        assert self._transport is not None
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(WireError(f"closed by the server: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or self._answer is None:
            return
        _, _, length = head.lower().partition(b"\r\ncontent-length:")
        if len(body) < int(length.split(b"\r\n", 1)[0]):
            return
        if head.split(b" ", 2)[1] in {b"200", b"201"}:
            self._answer.set_result(body)
        else:
            self._answer.set_exception(WireError(self._received.decode(errors="replace")))


def request_of(method: str, host: str, path: str, *, token: str = "", body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    who = f"Authorization: Bearer {token}\r\n" if token else ""
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    return f"{head}{who}{kind}\r\n".encode() + body
