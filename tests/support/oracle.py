"""By which a function in a container asks the test that called it: what to answer, and to note what it saw."""

import contextlib
import tempfile
import threading
from collections.abc import Callable
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any


class Oracle:
    """In the test's process: calls the methods of `knowing` for whoever asks, in a thread for each of them."""

    def __init__(self, knowing: object) -> None:
        self._knowing = knowing
        self._directory = tempfile.TemporaryDirectory(prefix="oracle-")
        self.address = str(Path(self._directory.name) / "socket")
        self._listener = Listener(self.address, backlog=128)
        threading.Thread(target=self._accept, name="oracle", daemon=True).start()

    def close(self) -> None:
        """Answers nobody any more."""
        self._listener.close()
        self._directory.cleanup()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asking = self._listener.accept()
                threading.Thread(target=self._answer, args=(asking,), name="oracle-answer", daemon=True).start()

    def _answer(self, asking: "Connection[Any, Any]") -> None:
        with contextlib.suppress(EOFError, OSError), asking:
            while True:
                method, arguments = asking.recv()
                try:
                    answer = getattr(self._knowing, method)(*arguments)
                except Exception as error:
                    asking.send((False, error))
                else:
                    asking.send((True, answer))


class Asking:
    """In a container: has the methods of what the oracle knows."""

    def __init__(self, address: str) -> None:
        self._connection = Client(address)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def ask(*arguments: Any) -> Any:
            self._connection.send((method, arguments))
            went_well, answer = self._connection.recv()
            if not went_well:
                raise answer
            return answer

        return ask
