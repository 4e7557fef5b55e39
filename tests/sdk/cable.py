"""A network between clients and the service, which tests can take away."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cable:
    """Listens, and hands on to a port what comes. `cut` ends what goes through it, and lets nothing through."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._is_cut = False
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def origin(self) -> str:
        """Where clients reach the service."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Nothing gets through any more."""
        with self._lock:
            self._is_cut = True
            self._end_all()

    def mend(self) -> None:
        """Lets everything through again."""
        with self._lock:
            self._is_cut = False

    def drop(self) -> None:
        """Ends what goes through it now."""
        with self._lock:
            self._end_all()

    def close(self) -> None:
        """Ends it."""
        self.cut()
        self._listener.close()

    def _end_all(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.clear()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._is_cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._target))
                self._ends |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self._lock:
            self._ends.discard(source)


@contextlib.contextmanager
def cable(port: int) -> Iterator[Cable]:
    """A cable to a port, for the block."""
    laid = Cable(port)
    try:
        yield laid
    finally:
        laid.close()
