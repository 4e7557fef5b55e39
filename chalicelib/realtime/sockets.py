"""A pool of kept sockets on asyncio protocols, for many short requests to one host at once."""

import asyncio
import collections
import contextlib
import socket
import ssl
import time
from typing import Any, Protocol

from chalicelib.core import paths
from chalicelib.core.aws import pause_seconds
from chalicelib.core.http1 import Answer, AnswerError, read_answer

# Sockets kept to one host. API Gateway takes some 10 ms for a post, so 64 sockets carry 6,000 posts a second: more
# would bring nothing, as the processor is what is short then, and each holds a quarter of a megabyte of TLS buffers.
SOCKETS = 64
# A TLS handshake costs as much as 16 posts. While so many are under way, the sockets that are open already may well
# empty the queue, and the rest need not be opened.
OPENING_AT_ONCE = 16
# Both take milliseconds. After these a socket is taken for dead, and what it carried goes to another one.
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 3.0
# AWS closes a connection that was idle for about a minute, and a frozen container does not hear of it.
IDLE_SECONDS = 50.0
# AWS moves its addresses at will and gives them a minute to live.
ADDRESS_SECONDS = 60.0
_READ_BYTES = 4 * 1024


class Exchange(Protocol):
    """A request that is to be made, perhaps more than once."""

    def request(self) -> bytes:
        """The request's bytes, made when a socket is free for it: a signature must not age in a queue."""

    def answered(self, answer: Answer) -> None:
        """The answer came."""

    def dropped(self, *, kept: bool) -> None:
        """No answer came. `kept` says that the socket was in use before, so that it may just have been closed."""


class Pool:
    """Kept sockets to one host, for one event loop, each with one exchange at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: str, port: int, tls: ssl.SSLContext | None) -> None:
        self.trouble = ""
        self._loop = loop
        self._name = name
        self._port = port
        self._tls = tls
        self._waiting: collections.deque[Exchange] = collections.deque()
        self._idle: list[_Socket] = []  # the last one used is used first, so that what is not needed ages
        self._busy: set[_Socket] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._pause: asyncio.TimerHandle | None = None
        self._found: collections.deque[tuple[Any, ...]] = collections.deque()
        self._asked = 0.0
        self._asking = asyncio.Lock()

    def add(self, exchange: Exchange) -> None:
        """Puts an exchange in the queue; `pump` must follow."""
        self._waiting.append(exchange)

    def pump(self) -> None:
        """Gives what waits to the sockets that are free, and opens more where that is not enough."""
        while self._waiting and self._idle:
            free = self._idle.pop()
            if free.usable:
                self._busy.add(free)
                free.carry(self._waiting.popleft())
        if self._waiting and self._pause is None:
            count = len(self._opening)
            room = SOCKETS - count - len(self._idle) - len(self._busy)
            for _ in range(min(room, OPENING_AT_ONCE - count, len(self._waiting) - count)):
                task = self._loop.create_task(self._open())
                self._opening.add(task)
                task.add_done_callback(self._opened)

    def answered(self, by: "_Socket", exchange: Exchange, answer: Answer) -> None:
        """A socket's report: it is free again, unless the server closes it."""
        self._busy.discard(by)
        if answer.keep:
            self._idle.append(by)
        else:
            by.abort()
        exchange.answered(answer)
        self.pump()

    def lost(self, by: "_Socket") -> None:
        """A socket's report: it is closed, or made no sense."""
        exchange = by.let_go()
        self._busy.discard(by)
        with contextlib.suppress(ValueError):
            self._idle.remove(by)
        if exchange is not None:
            exchange.dropped(kept=by.carried > 1)
            self.pump()

    def close_old(self) -> None:
        """Closes the sockets that were idle for so long that the server may have closed them unheard."""
        eldest = time.time() - IDLE_SECONDS
        for old in [idle for idle in self._idle if idle.since < eldest]:
            self.lost(old)

    def drop_silent(self) -> None:
        """Gives up the sockets that owe an answer for too long: sooner where another path may lead to the host."""
        now = time.time()
        for busy in list(self._busy):
            doubtful = busy.carried > 1 and paths.has_another(self._name, busy.family)
            if now - busy.since > (min(paths.SILENT_SECONDS, ANSWER_SECONDS) if doubtful else ANSWER_SECONDS):
                paths.went_silent(self._name, busy.family)
                self.lost(busy)

    async def rest(self, *, patience_seconds: float = 0.0) -> None:
        """Ends what is under way, handshakes after some patience: between two calls only idle sockets are kept."""
        self._waiting.clear()
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        for busy in self._busy:
            busy.let_go()
        self._busy.clear()
        if self._opening:
            await asyncio.wait(self._opening, timeout=patience_seconds)
        for task in self._opening:
            task.cancel()
        while self._opening:
            await asyncio.wait(self._opening)

    async def close(self) -> None:
        """Closes every socket."""
        await self.rest()
        while self._idle:
            self._idle.pop().let_go()

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                opened = await self._first_of(await self._addresses())
        except Exception as error:  # whatever it is, another try or the deadline settles it
            self.trouble = f"{type(error).__name__}: {error}"
            if self._pause is None:  # what failed together counts once
                self._failures += 1
                self._pause = self._loop.call_later(pause_seconds(self._failures), self._resume)
        else:
            self._failures = 0
            paths.worked(self._name, opened.family)
            self._idle.append(opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if not task.cancelled():
            self.pump()

    def _resume(self) -> None:
        self._pause = None
        self.pump()

    async def _addresses(self) -> list[paths.Address]:
        """The host's addresses, beginning with another one each time: the sockets are spread over all of them."""
        async with self._asking:
            if not self._found or time.time() - self._asked > ADDRESS_SECONDS:
                found = await self._loop.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
                self._found = collections.deque(found)
                self._asked = time.time()
        addresses = paths.ordered(self._name, self._found)
        self._found.rotate(-1)
        return addresses

    async def _first_of(self, addresses: list[paths.Address]) -> "_Socket":
        """By the address that takes a socket first; each has a head start of the next. Raises OSError."""
        tries: list[asyncio.Task[_Socket]] = []
        winner: _Socket | None = None
        try:
            for address in addresses:
                tries.append(self._loop.create_task(self._connected(address)))
                winner = await _winner(tries, None if address is addresses[-1] else paths.HEAD_START_SECONDS)
                if winner is not None:
                    return winner
            return tries[-1].result()  # which raises what was wrong
        finally:
            for each in tries:
                if not each.cancel() and each.exception() is None and each.result() is not winner:
                    each.result().abort()

    async def _connected(self, address: paths.Address) -> "_Socket":
        _, opened = await self._loop.create_connection(
            lambda: _Socket(self),
            address.where[0],
            self._port,
            family=address.family,
            ssl=self._tls,
            server_hostname=self._name if self._tls else None,
        )
        return opened


async def _winner(tries: "list[asyncio.Task[_Socket]]", seconds: float | None) -> "_Socket | None":
    """The first socket that stands within so many seconds; None once all tries have failed, or the time is up."""
    under_way = {each for each in tries if not each.done()}
    while under_way:
        done, under_way = await asyncio.wait(under_way, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            if each.exception() is None:
                return each.result()
        if not done:
            break
    return None


class _Socket(asyncio.BufferedProtocol):
    """One kept socket. It reads into a buffer of its own: through TLS that saves a large allocation a read."""

    def __init__(self, pool: Pool) -> None:
        self.since = time.time()
        self.carried = 0
        self.family = 0
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._buffer = memoryview(bytearray(_READ_BYTES))
        self._received = b""

    @property
    def usable(self) -> bool:
        """Whether it is open, as far as can be known."""
        return self._transport is not None and not self._transport.is_closing()

    def carry(self, exchange: Exchange) -> None:
        """Makes a request. The socket is idle and usable."""
        assert self._transport is not None
        self._exchange = exchange
        self._received = b""
        self.since = time.time()
        self.carried += 1
        self._transport.write(exchange.request())

    def let_go(self) -> Exchange | None:
        """Closes the socket, whatever is under way, and gives back what it carried."""
        self.abort()
        exchange, self._exchange = self._exchange, None
        return exchange

    def abort(self) -> None:
        """Closes the socket without a TLS farewell: nobody waits for one."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.family = transport.get_extra_info("socket").family

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._received += self._buffer[:nbytes]
        self._look(ended=False)

    def eof_received(self) -> None:
        self._look(ended=True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.lost(self)

    def _look(self, *, ended: bool) -> None:
        exchange = self._exchange
        try:
            answer = None if exchange is None else read_answer(self._received, ended=ended)
        except AnswerError:
            self._pool.lost(self)
            return
        if exchange is None:
            self._pool.lost(self)  # nothing was asked: it is the end, or nonsense
        elif answer is not None:
            self._exchange = None
            self._pool.answered(self, exchange, answer)
