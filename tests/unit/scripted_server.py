"""An HTTP server with real sockets that does to each request what a test's script says, good or bad."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple


class Seen(NamedTuple):
    """One request as it came; `socket` numbers the connections in the order they were made."""

    socket: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ClosedError(Exception):
    """A script's word for: close this connection now, without an answer."""


Script = Callable[[Seen], bytes | list[bytes]]


def answer(status: int, body: bytes = b"", *, headers: str = "") -> bytes:
    """An ordinary answer. `headers` are whole lines, each with its line end."""
    return f"HTTP/1.1 {status} Words\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


class Server:
    """Listens on one address; each connection has a thread. A script gives bytes, or pieces to be sent one by one."""

    def __init__(
        self, script: Script, tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self.sockets = 0
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=256)
        self.port: int = self._listener.getsockname()[1]
        literal = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{literal}:{self.port}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def bodies(self, path_end: str = "") -> list[bytes]:
        """The bodies that came, in order, to the paths that end so."""
        return [request.body for request in self.seen if request.path.endswith(path_end)]

    def close_all(self, *, reset: bool = False) -> None:
        """Closes every open connection from this end: in the ordinary way, or with a reset."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                if reset:  # the connection's thread finds the end of its input, and its close sends the reset
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
        until = time.monotonic() + 1
        while not self._open.isdisjoint(connections) and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(0.01)  # so that the other end's kernel has heard of it

    def stop(self) -> None:
        """Ends listening and every connection."""
        with contextlib.suppress(OSError):  # stopped already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.close_all()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.sockets += 1
                threading.Thread(target=self._serve, args=(connection, self.sockets - 1), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError, ClosedError, ValueError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            with connection, connection.makefile("rb") as reader:
                while line := reader.readline():
                    method, path, _ = line.decode().split(" ")
                    headers = dict(_fields(iter(reader.readline, b"\r\n")))
                    body = reader.read(int(headers.get("content-length", 0)))
                    request = Seen(number, method, path, headers, body)
                    with self._lock:
                        self.seen.append(request)
                    said = self.script(request)
                    first, *others = [said] if isinstance(said, bytes) else said
                    connection.sendall(first)
                    for piece in others:
                        time.sleep(0.01)
                        connection.sendall(piece)
                    if b"connection: close" in b"".join([first, *others]).lower():
                        break
        with self._lock:
            self._open.discard(connection)


def _fields(lines: Iterator[bytes]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, _, value = line.decode().partition(":")
        yield name.lower(), value.strip()
