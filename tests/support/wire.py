"""Counts what really goes over a wire: a proxy on loopback that knows next to nothing of the protocol it carries."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

# PostgreSQL's Sync, Flush and Terminate end what was said before, and ask for nothing themselves. Where they come
# a moment after it, the server may have begun to answer already.
_SYNC, _FLUSH, _TERMINATE = (kind + b"\x00\x00\x00\x04" for kind in (b"S", b"H", b"X"))
_ENDS = {_SYNC, _FLUSH, _SYNC + _FLUSH, _TERMINATE}


class Wire:
    """A TCP proxy to a server. A round trip begins whenever the client speaks after the server has."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._spoken = bytearray()
        self.round_trips = 0
        self.connections = 0

    @property
    def port(self) -> int:
        """Where clients connect."""
        return int(self._listener.getsockname()[1])

    def count(self, what: bytes) -> int:
        """How often the clients have said this since `reset`, in whatever case."""
        with self._lock:
            return bytes(self._spoken).lower().count(what.lower())

    def reset(self) -> None:
        """Begins to count anew."""
        with self._lock:
            self._spoken.clear()
            self.round_trips = self.connections = 0

    def serve(self) -> None:
        """Accepts clients until `close`."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
                with self._lock:
                    self.connections += 1
                for pump in _Conversation(self, client, server).pumps():
                    threading.Thread(target=pump, daemon=True).start()

    def close(self) -> None:
        """Takes no more clients."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def heard(self, data: bytes, *, new_turn: bool) -> None:
        """The client said something."""
        with self._lock:
            self._spoken += data
            self.round_trips += new_turn


class _Conversation:
    def __init__(self, wire: Wire, client: socket.socket, server: socket.socket) -> None:
        self._wire, self._client, self._server = wire, client, server
        self._servers_turn = False

    def pumps(self) -> tuple[Callable[[], None], ...]:
        """What carries each direction, each to run in a thread."""
        return self._upward, self._downward

    def _upward(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(65536):
                if data not in _ENDS:
                    self._wire.heard(data, new_turn=not self._servers_turn)
                    self._servers_turn = True
                self._server.sendall(data)
        self._end()

    def _downward(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(65536):
                self._servers_turn = False
                self._client.sendall(data)
        self._end()

    def _end(self) -> None:
        for side in (self._client, self._server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


@contextlib.contextmanager
def tapped(host: str, port: int) -> Iterator[Wire]:
    """A wire to a server, while the block runs."""
    wire = Wire(host, port)
    threading.Thread(target=wire.serve, daemon=True).start()
    try:
        yield wire
    finally:
        wire.close()
