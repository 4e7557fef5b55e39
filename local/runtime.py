"""The other side of `local.containers`: the process that has loaded the app, and the containers forked from it.

`python -m local.runtime FD APP MODULE…` imports the app and the modules, and then forks a container for each request
that comes over the socket FD. A container serves one event at a time over a socket of its own, until that is closed.
It is a process as a Lambda container is: what the app keeps in its modules stays until the next event, and goes with
the process, whatever ends it.
"""

import contextlib
import gc
import importlib
import json
import os
import pickle
import resource
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

# Lambda's quota for an event and for an answer.
INVOCATION_BYTES = 6 * 1024 * 1024

# To a container: how many bytes the event has, its deadline on the machine's monotonic clock, its request id.
TO_CONTAINER = struct.Struct("!Id36s")
# From a container: whether the event was handled, how many bytes follow.
FROM_CONTAINER = struct.Struct("!?I")
# Between the stack and this process: how many bytes follow.
_LENGTH = struct.Struct("!I")


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for a container. Its end of the socket and the file for its output travel beside this.

    `prepare` names functions that it calls before its first event, with their arguments: for tests.
    """

    number: int
    function: str
    handler: str
    arn: str
    memory_mb: int
    log_stream: str
    environment: dict[str, str]
    prepare: list[tuple[str, dict[str, Any]]] = []


class Started(msgspec.Struct, frozen=True, tag=True):
    """A container runs, as this process."""

    number: int
    pid: int


class Ended(msgspec.Struct, frozen=True, tag=True):
    """A container is no more; `how` is in the words of Lambda's `Runtime exited with error`."""

    number: int
    how: str


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an event that was not handled. `place` is where the error came from, for the log."""

    error_type: str
    message: str
    place: str = ""


class Function(NamedTuple):
    """What a container knows of the function that it runs."""

    start: Start
    handler: Callable[[Any, Any], Any]


class LambdaContext:
    """The second argument of every handler."""

    identity = None
    client_context = None
    function_version = "$LATEST"

    def __init__(self, start: Start, *, request_id: str, deadline: float) -> None:
        self.function_name = start.function
        self.invoked_function_arn = start.arn
        # A string, as Lambda's own runtime leaves it.
        self.memory_limit_in_mb = str(start.memory_mb)
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{start.function}"
        self.log_stream_name = start.log_stream
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until this container is killed."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main() -> None:
    """Loads the app, says so, and forks containers until the stack is gone."""
    stack = socket.socket(fileno=int(sys.argv[1]))
    from local.description import describe

    try:
        module = importlib.import_module(sys.argv[2])
        for name in sys.argv[3:]:
            importlib.import_module(name)
    except Exception:
        traceback.print_exc()
        sys.exit(1)
    # Each container shares what is loaded with this process as long as neither of them writes to it.
    gc.collect()
    gc.freeze()
    described = pickle.dumps(describe(module))
    stack.sendall(_LENGTH.pack(len(described)) + described)
    start = _Parent(stack).run()
    if start is not None:
        _become(module, *start)


class _Parent:
    """Starts containers and tells when they have ended. Single-threaded, so that forking is safe."""

    def __init__(self, stack: socket.socket) -> None:
        self._stack = stack
        self._numbers: dict[int, int] = {}
        # A signal must wake the wait for the stack's next word.
        self._woken, waker = socket.socketpair()
        self._woken.settimeout(0)
        waker.settimeout(0)
        signal.set_wakeup_fd(waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._waker = waker

    def run(self) -> tuple[Start, socket.socket, int] | None:
        """Returns in each container with what it is to be; in this process when the stack is gone."""
        with selectors.DefaultSelector() as selector:
            for each in (self._stack, self._woken):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._woken in ready:
                    with contextlib.suppress(BlockingIOError):
                        self._woken.recv(4096)
                    self._reap()
                if self._stack in ready:
                    asked = self._asked()
                    if asked is None:
                        self._end()
                        return None
                    start, channel, output = asked
                    pid = os.fork()
                    if pid == 0:
                        self._forget_parent()
                        return start, channel, output
                    channel.close()
                    os.close(output)
                    self._numbers[pid] = start.number
                    self._tell(Started(start.number, pid))

    def _asked(self) -> tuple[Start, socket.socket, int] | None:
        """The stack's next word; None where there will be none."""
        head, descriptors, _, _ = socket.recv_fds(self._stack, _LENGTH.size, 2)
        if not head:
            return None
        head += _exactly(self._stack, _LENGTH.size - len(head))
        start = msgspec.json.decode(_exactly(self._stack, _LENGTH.unpack(head)[0]), type=Start)
        channel, output = descriptors
        return start, socket.socket(fileno=channel), output

    def _tell(self, what: Started | Ended) -> None:
        said = msgspec.json.encode(what)
        with contextlib.suppress(OSError):  # the stack is gone: its end of the socket says so next
            self._stack.sendall(_LENGTH.pack(len(said)) + said)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._tell(Ended(self._numbers.pop(pid), _how(status)))

    def _forget_parent(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for each in (self._stack, self._woken, self._waker):
            each.close()

    def _end(self) -> None:
        for pid in self._numbers:
            os.kill(pid, signal.SIGKILL)
        for pid in list(self._numbers):
            os.waitpid(pid, 0)


def _how(status: int) -> str:
    """How a process ended, as Lambda tells it."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        words: dict[int, str] = {signal.SIGKILL: "killed", signal.SIGSEGV: "segmentation fault"}
        return f"signal: {words.get(number) or (signal.strsignal(number) or str(number)).lower()}"
    return f"exit status {os.WEXITSTATUS(status)}"


def _become(module: Any, start: Start, channel: socket.socket, output: int) -> None:
    """The life of a container: its own environment, its own output, and then event after event."""
    from chalicelib.core import config

    os.environ.clear()
    os.environ.update(start.environment)
    time.tzset()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    config.use(config.from_environment())
    for name, arguments in start.prepare:
        place, _, called = name.rpartition(".")
        getattr(importlib.import_module(place), called)(**arguments)
    handler = module.app if start.handler == "api_handler" else getattr(module, start.handler)
    _serve(Function(start, handler), channel)


def _serve(function: Function, channel: socket.socket) -> None:
    while head := _exactly(channel, TO_CONTAINER.size):
        length, deadline, request_id = TO_CONTAINER.unpack(head)
        event = msgspec.json.decode(_exactly(channel, length))
        context = LambdaContext(function.start, request_id=request_id.decode(), deadline=deadline)
        answer = _handle(function, event, context)
        sys.stdout.flush()
        if _peak_mb() > function.start.memory_mb:
            os.kill(os.getpid(), signal.SIGKILL)  # as Lambda does where a function outgrows its memory
        handled = isinstance(answer, bytes)
        said = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        channel.sendall(FROM_CONTAINER.pack(handled, len(said)) + said)


def _handle(function: Function, event: Any, context: LambdaContext) -> bytes | Failed:
    try:
        answer = function.handler(event, context)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Failed(error_type=type(error).__name__, message=str(error), place=f"{place.filename}:{place.lineno}")
    try:
        said = json.dumps(answer, ensure_ascii=False, allow_nan=False, default=_decimal).encode()
    except (TypeError, ValueError) as error:  # a lone surrogate is a ValueError as well
        return Failed(error_type="Runtime.MarshalError", message=f"Unable to marshal response: {error}")
    if len(said) > INVOCATION_BYTES:
        return Failed(
            error_type="Function.ResponseSizeTooLarge",
            message=f"Response payload size exceeded maximum allowed payload size ({INVOCATION_BYTES} bytes).",
        )
    return said


def _decimal(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _peak_mb() -> float:
    """The most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _exactly(channel: socket.socket, length: int) -> bytes:
    """So many bytes; none where the other side is gone."""
    got = bytearray()
    while len(got) < length:
        some = channel.recv(min(length - len(got), 1 << 20))
        if not some:
            return b""
        got += some
    return bytes(got)


if __name__ == "__main__":
    main()
