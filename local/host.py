"""The process that has loaded the app and forks containers from it, as the stack sees it."""

import asyncio
import contextlib
import logging
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from local.description import App
from local.runtime import Ended, Start, Started

logger = logging.getLogger("local.functions")

_LENGTH = struct.Struct("!I")
_ROOT = Path(__file__).parent.parent


class HostError(RuntimeError):
    """The app cannot be loaded; why stands in the functions' output."""


@dataclass(frozen=True, kw_only=True)
class Code:
    """The module that has the Chalice app, below `root`, and what is loaded with it before containers are forked."""

    app: str
    root: Path = _ROOT
    warm: Sequence[str] = ()


class Host:
    """One process. Everything but `launch` belongs to the event loop.

    `on_word` hears when a container has started and when it has ended, `on_gone` that all of them have, since the
    process itself did.
    """

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        channel: socket.socket,
        *,
        on_word: Callable[[Started | Ended], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.pid = process.pid
        self.gone = False
        self._process = process
        self._channel = channel
        self._on_word = on_word
        self._on_gone = on_gone
        self._heard = bytearray()

    @classmethod
    def launch(
        cls,
        code: Code,
        *,
        environment: dict[str, str],
        output: int,
        on_word: Callable[[Started | Ended], None],
        on_gone: Callable[[], None],
    ) -> "tuple[Host, App]":
        """Starts a process and waits until it has loaded the code. Raises HostError."""
        ours, theirs = socket.socketpair()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "local.runtime", str(theirs.fileno()), code.app, *code.warm],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=code.root,
                env={**environment, "PYTHONPATH": os.pathsep.join([str(code.root), str(_ROOT)])},
                start_new_session=True,  # a Ctrl-C at the terminal is for the stack
            )
        finally:
            theirs.close()
        described = _received(ours)
        if described is None:
            ours.close()
            process.kill()
            process.wait()
            raise HostError(f"{code.app} cannot be loaded")
        return cls(process, ours, on_word=on_word, on_gone=on_gone), pickle.loads(described)  # noqa: S301  # our own

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins to hear of containers."""
        self._channel.settimeout(0)
        loop.add_reader(self._channel.fileno(), self._hear, loop)

    def fork(self, start: Start, channel: socket.socket, output: int) -> None:
        """Asks for a container that serves on this socket."""
        asked = msgspec.json.encode(start)
        self._channel.settimeout(None)  # for the moment: it reads what we write at once
        try:
            with contextlib.suppress(OSError):  # it is gone, and `on_gone` is about to say so
                socket.send_fds(self._channel, [_LENGTH.pack(len(asked)), asked], [channel.fileno(), output])
        finally:
            self._channel.settimeout(0)

    def end(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends the process, and with it the containers that are left."""
        if not self.gone:
            self.gone = True
            loop.remove_reader(self._channel.fileno())
            self._channel.close()
        self._process.wait()

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Sends a container a signal; it may have ended meanwhile."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            some = self._channel.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            some = b""
        if not some:
            self.end(loop)
            self._on_gone()
            return
        self._heard += some
        while len(self._heard) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._heard)
            if len(self._heard) < _LENGTH.size + length:
                return
            said = bytes(self._heard[_LENGTH.size : _LENGTH.size + length])
            del self._heard[: _LENGTH.size + length]
            self._on_word(msgspec.json.decode(said, type=Started | Ended))


def _received(channel: socket.socket) -> bytes | None:
    """One message, waited for; None where the other side ends before."""
    with channel.dup().makefile("rb") as stream:
        head = stream.read(_LENGTH.size)
        body = stream.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    return body or None
