"""One Lambda container: a process that serves one event at a time, as the stack sees it.

It belongs to the event loop of `Functions`.
"""

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec

from local.faults import Fault
from local.host import Host
from local.invocations import Function, FunctionError, FunctionTimeoutError, Invocation
from local.runtime import FROM_CONTAINER, TO_CONTAINER, Failed

logger = logging.getLogger("local.functions")

# A function by its module and name, which a container calls with these arguments before its first event.
Preparation = tuple[str, dict[str, Any]]


class Pool(Protocol):
    """Who the container belongs to."""

    loop: asyncio.AbstractEventLoop

    def done(self, work: Invocation) -> None:
        """An invocation is over, one way or another."""

    def rests(self, container: "Container") -> None:
        """A container can take the next event."""

    def bury(self, container: "Container") -> None:
        """A container is dead; its process may still be about to end."""


@dataclass(kw_only=True)
class World:
    """What containers are started with; `Containers.renew` puts another one in its place."""

    host: Host
    environment: Mapping[str, str]
    prepare: Sequence[Preparation] = ()
    frozen: bool = False  # stopped between events, as on AWS, so that kept connections grow old unnoticed


class Container(asyncio.Protocol):
    """One process, and the invocation that it serves, if any."""

    def __init__(self, pool: Pool, function: Function, world: World, number: int) -> None:
        self.function = function
        self.world = world
        self.number = number
        self.log_stream = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{secrets.token_hex(16)}"
        self.pid: int | None = None
        self.dead = False
        self.work: Invocation | None = None
        self.began = 0.0
        self._pool = pool
        self._deadline: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._heard = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are of a type of its own

    def take(self, work: Invocation) -> None:
        """Serves an event. Its time begins now."""
        loop = self._pool.loop
        self.work, self.began = work, loop.time()
        if work.kill is Fault.KILL_BEFORE:
            self.kill()
            return
        if self.world.frozen and self.pid is not None:
            self.world.host.kill(self.pid, signal.SIGCONT)
        self._deadline = loop.call_later(work.seconds, self.time_out)
        deadline = time.monotonic() + work.seconds
        assert self._transport is not None
        self._transport.write(TO_CONTAINER.pack(len(work.event), deadline, work.request_id.encode()) + work.event)

    def data_received(self, data: bytes) -> None:
        heard = self._heard
        heard += data
        if len(heard) < FROM_CONTAINER.size:
            return
        handled, length = FROM_CONTAINER.unpack_from(heard)
        if len(heard) < FROM_CONTAINER.size + length or self.work is None:
            return
        said = bytes(memoryview(heard)[FROM_CONTAINER.size :])
        heard.clear()
        if self.work.kill is Fault.KILL_AFTER:
            self.kill()
            return
        work = self._rest()
        if handled:
            if not work.answer.done():
                work.answer.set_result(said)
        else:
            self._failed(work, msgspec.json.decode(said, type=Failed))
        if self.world.frozen and self.pid is not None:
            self.world.host.kill(self.pid, signal.SIGSTOP)
        self._pool.rests(self)

    def connection_lost(self, _error: Exception | None) -> None:
        # How it ended is told by its parent, in a moment.
        self._pool.bury(self)

    def kill(self) -> None:
        """Ends the process, whatever it is doing; one that has not started yet ends when it has."""
        if self.pid is not None:
            self.world.host.kill(self.pid)
        self._pool.bury(self)

    def started(self, pid: int) -> None:
        """It runs; where it was to be killed meanwhile, it is now."""
        self.pid = pid
        if self.dead:
            self.world.host.kill(pid)

    def ended(self, how: str) -> None:
        """The process is no more."""
        self.pid = None
        if self._transport is not None:
            self._transport.abort()
        if self.work is not None:
            work = self._rest()
            logger.warning("%s: its container ended: %s", work.function.name, how)
            work.exited(how)
        self._pool.bury(self)

    def _rest(self) -> Invocation:
        work, self.work = self.work, None
        assert work is not None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._pool.done(work)
        return work

    def time_out(self) -> None:
        """Ends the process, since its time is up."""
        work = self._rest()
        logger.warning("%s timed out: its container was killed", work.function.name)
        message = f"Task timed out after {work.seconds:.2f} seconds"
        work.fail(FunctionTimeoutError("Sandbox.Timedout", message, work.request_id))
        self.kill()

    def _failed(self, work: Invocation, failed: Failed) -> None:
        # The log names the type and the place alone: a message may quote what a user wrote.
        logger.error("%s failed: %s %s", work.function.name, failed.error_type, failed.place and f"at {failed.place}")
        work.fail(FunctionError(failed.error_type, failed.message, work.request_id))
