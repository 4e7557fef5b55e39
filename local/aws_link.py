"""The stack's end of the local AWS: starts the process, asks it, and hears what it says by itself."""

import contextlib
import itertools
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import msgspec

from local.aws_messages import LENGTH_BYTES, Answered, Asked, Created, FromAws, Heard, Logged, Request, ToAws, framed

logger = logging.getLogger("local.aws")

_ROOT = Path(__file__).parent.parent
_END_SECONDS = 5.0


class AwsError(RuntimeError):
    """The local AWS could not do what was asked of it, or its process has ended."""


class AwsLink:
    """Safe across threads.

    `on_created` hears of every new object before its writer is answered. `on_ended` hears in words that the process
    ended without being asked to.
    """

    def __init__(
        self,
        directory: Path | None,
        *,
        on_created: Callable[[Created], None],
        on_ended: Callable[[str], None],
    ) -> None:
        self._on_created = on_created
        self._on_ended = on_ended
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._ended: str | None = None
        ours, theirs = socket.socketpair()
        self._socket = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.aws_process", str(directory or "")],
                stdin=theirs.fileno(),
                cwd=_ROOT,
                env=os.environ,
                # A Ctrl-C at the terminal is for us.
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, name="aws-link", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        number: int = self._process.pid
        return number

    def ask(self, asked: Asked) -> Any:
        """Waits for the answer. Raises AwsError."""
        return self.begin(asked).result()

    def begin(self, asked: Asked) -> "Future[Any]":
        """The answer, or AwsError, comes later."""
        answer: Future[Any] = Future()
        number = next(self._numbers)
        with self._lock:
            if self._ended is not None:
                raise AwsError(self._ended)
            self._waiting[number] = answer
            self._send(Request(number, asked))
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._closing = True
        with contextlib.suppress(OSError):  # the process may have ended by itself
            self._socket.shutdown(socket.SHUT_RDWR)
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._socket.close()

    def _send(self, message: ToAws) -> None:
        try:
            self._socket.sendall(framed(message))
        except OSError:
            # The reader sees the end as well, and tells everybody.
            logger.debug("the local AWS does not read any more")

    def _read(self) -> None:
        decoder: msgspec.msgpack.Decoder[FromAws] = msgspec.msgpack.Decoder(FromAws)
        with self._socket.makefile("rb") as stream:
            try:
                while length := stream.read(LENGTH_BYTES):
                    self._hear(decoder.decode(stream.read(int.from_bytes(length, "big"))))
            except (OSError, msgspec.DecodeError):
                logger.debug("the local AWS broke off")
        self._end()

    def _hear(self, message: FromAws) -> None:
        if isinstance(message, Logged):
            logging.getLogger(message.logger).log(message.level, "%s", message.text)
        elif isinstance(message, Created):
            self._hear_of_object(message)
        else:
            self._answer(message)

    def _hear_of_object(self, created: Created) -> None:
        try:
            self._on_created(created)
        except Exception:
            logger.exception("nobody took %s of %s", created.event, created.stored.key)
        with self._lock:
            self._send(Heard(created.id))

    def _answer(self, answered: Answered) -> None:
        waiting = self._waiting.pop(answered.id)
        if answered.error is None:
            waiting.set_result(answered.result)
        else:
            waiting.set_exception(AwsError(answered.error))

    def _end(self) -> None:
        if self._closing:
            why = "The local AWS was stopped."
        else:
            # Its socket ended, so it has ended as well, or cannot be reached any more.
            self._process.kill()
            status = self._process.wait()
            how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
            why = f"The local AWS {how}. What its queues and tables held is lost: start again."
        with self._lock:
            self._ended = why
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(AwsError(why))
        if not self._closing:
            self._on_ended(why)
