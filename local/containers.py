"""Lambda's containers: processes that serve one event at a time, started when they are needed and killed when due.

Everything here belongs to the event loop of `Functions`.
"""

import asyncio
import collections
import itertools
import socket
from collections.abc import Mapping
from pathlib import Path

from local.container import Container, World
from local.host import Host
from local.invocations import Function, Invocation, InvocationError, ThrottledError
from local.runtime import Ended, Start, Started
from local.signatures import VPC_TOKEN

# An event waits so long for a container that is about to be free before another one is started. AWS takes longer
# to start one.
START_AFTER_SECONDS = 0.01
# How often containers at work are asked how much memory they hold.
_LOOK_AT_MEMORY_SECONDS = 0.1
_PAGES_A_MB = 256


class Containers:
    """All containers of an account.

    At most `processes` of them are there at once, beside those of functions with reserved concurrency, which is set
    aside for them. `concurrency` is how many invocations may be under way, waiting
    ones included; another one is throttled.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, world: World, *, output: int, processes: int, concurrency: int
    ) -> None:
        self.loop = loop
        self.world = world
        self.concurrency = concurrency
        self.closed = False
        self._output = output
        self._processes = processes
        self._numbers = itertools.count(1)
        self._all: dict[int, Container] = {}
        self._idle: dict[str, list[Container]] = collections.defaultdict(list)
        self._waiting: dict[str, collections.deque[Invocation]] = collections.defaultdict(collections.deque)
        self._starting: collections.Counter[str] = collections.Counter()
        self._alive: collections.Counter[str] = collections.Counter()
        self._without_room: set[str] = set()
        self._under_way: collections.Counter[str] = collections.Counter()
        self._looks: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None

    @property
    def under_way(self) -> int:
        """How many invocations there are, waiting ones included."""
        return self._under_way.total()

    def pids(self, name: str | None = None) -> list[int]:
        """The processes of one function, or of all."""
        return [each.pid for each in self._all.values() if each.pid and name in {None, each.function.name}]

    def submit(self, work: Invocation) -> None:
        """Serves an event as soon as a container of its function is there. Raises InvocationError."""
        function = work.function
        if self.closed:
            raise InvocationError("the functions are closed")
        mine = self._under_way[function.name]
        if (function.reserved is not None and mine >= function.reserved) or self.under_way >= self.concurrency:
            raise ThrottledError(function.name)
        self._under_way[function.name] += 1
        container = self._free(function.name)
        if container is not None:
            container.take(work)
            return
        work.queued_at = self.loop.time()
        self._waiting[function.name].append(work)
        self._look()

    def renew(self, world: World) -> None:
        """Replaces all containers by new ones, each as soon as it is idle."""
        before, self.world = self.world, world
        for container in [each for some in self._idle.values() for each in some]:
            container.kill()
        if before.host is not world.host:
            self._end_when_left(before.host)

    def done(self, work: Invocation) -> None:
        """An invocation is over, one way or another."""
        self._under_way[work.function.name] -= 1

    def rests(self, container: Container) -> None:
        """A container can take the next event."""
        name = container.function.name
        if container.world is not self.world or self._must_make_room(name):
            container.kill()
        if container.dead:
            return
        waiting = self._waiting[name]
        if waiting:
            container.take(waiting.popleft())
        else:
            self._idle[name].append(container)

    def bury(self, container: Container) -> None:
        """A container is dead; its process may still be about to end."""
        if not container.dead:
            container.dead = True
            self._alive[container.function.name] -= 1
            if container in (idle := self._idle[container.function.name]):
                idle.remove(container)
        self._look()

    def hear(self, word: Started | Ended) -> None:
        """What the host tells of a container."""
        container = self._all.get(word.number)
        if container is None:
            return
        if isinstance(word, Started):
            container.started(word.pid)
        else:
            self._all.pop(word.number)
            container.ended(word.how)

    def lose(self, host: Host) -> None:
        """All containers of a host are gone with it."""
        for container in [each for each in self._all.values() if each.world.host is host]:
            self._all.pop(container.number, None)
            container.ended("signal: killed")

    async def close(self, seconds: float) -> None:
        """Lets what is under way end for so long, and then kills it."""
        self.closed = True
        until = self.loop.time() + seconds
        while self.under_way and self.loop.time() < until:
            await asyncio.sleep(0.005)
        for waiting in self._waiting.values():
            while waiting:
                work = waiting.popleft()
                self.done(work)
                work.fail(InvocationError("the functions are closed"))
        for container in list(self._all.values()):
            if container.work is not None:
                container.time_out()
            else:
                container.kill()
        for timer in (self._looks, self._watch):
            if timer is not None:
                timer.cancel()

    def _free(self, name: str) -> Container | None:
        """The idle container that was used last: the others may be given up."""
        idle = self._idle[name]
        while idle:
            container = idle.pop()
            if not container.dead:
                return container
        return None

    def _look(self) -> None:
        """Starts containers for what has waited long enough, and looks again when the next has."""
        if self.closed:
            return
        now, next_look = self.loop.time(), float("inf")
        self._without_room.clear()
        # Who has no container comes first: what becomes free would otherwise go to whoever has most of them.
        for name in sorted(self._waiting, key=lambda name: self._alive[name] > 0):
            waiting = self._waiting[name]
            if not waiting:
                continue
            first = itertools.islice(waiting, self._processes)
            due = sum(work.queued_at + START_AFTER_SECONDS <= now for work in first)
            wanted = max(due, 0 if self._alive[name] else 1) - self._starting[name]
            for _ in range(wanted):
                if not self._start(waiting[0].function):
                    break
            if not self._alive[name]:
                self._without_room.add(name)
            if due < len(waiting):
                next_look = min(next_look, waiting[due].queued_at + START_AFTER_SECONDS)
        if next_look < float("inf") and self._looks is None:
            self._looks = self.loop.call_at(next_look, self._look_again)

    def _must_make_room(self, name: str) -> bool:
        """Whether a container of this function has to go, since another function has none and cannot start one."""
        on_their_way_out = len(self._all) - self._alive.total()
        return on_their_way_out < len(self._without_room - {name})

    def _look_again(self) -> None:
        self._looks = None
        self._look()

    def _start(self, function: Function) -> bool:
        """False where there is no room. An idle container of another function makes room."""
        shared = [each for each in self._all.values() if each.function.reserved is None]
        if function.reserved is None and len(shared) >= self._processes:
            idle = (each for some in self._idle.values() for each in some)
            spare = next((each for each in idle if each.function.reserved is None), None)
            if spare is not None:
                self._all.pop(spare.number)
                spare.kill()
            return spare is not None and self._start(function)
        container = Container(self, function, self.world, next(self._numbers))
        self._all[container.number] = container
        self._alive[function.name] += 1
        self._starting[function.name] += 1
        self.loop.create_task(self._fork(container))
        return True

    async def _fork(self, container: Container) -> None:
        function, world = container.function, container.world
        ours, theirs = socket.socketpair()
        with theirs:
            # Of a connected pair of sockets this does not fail.
            await self.loop.create_connection(lambda: container, sock=ours)
            start = Start(
                number=container.number,
                function=function.full_name,
                handler=function.name,
                arn=function.arn,
                memory_mb=function.memory_mb,
                log_stream=container.log_stream,
                environment={
                    **world.environment,
                    **_place(function, world.environment),
                    "AWS_LAMBDA_FUNCTION_NAME": function.full_name,
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
                    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
                    "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.full_name}",
                    "AWS_LAMBDA_LOG_STREAM_NAME": container.log_stream,
                },
                prepare=list(world.prepare),
            )
            world.host.fork(start, theirs, self._output)
        self._starting[function.name] -= 1
        self._watch_memory()
        self.rests(container)

    def _end_when_left(self, host: Host) -> None:
        if any(each.world.host is host for each in self._all.values()):
            self.loop.call_later(START_AFTER_SECONDS, self._end_when_left, host)
        else:
            host.end(self.loop)

    def _watch_memory(self) -> None:
        """Kills what outgrows its memory; looks on while there are containers."""
        if self._watch is None and not self.closed:
            self._watch = self.loop.call_later(_LOOK_AT_MEMORY_SECONDS, self._look_at_memory)

    def _look_at_memory(self) -> None:
        self._watch = None
        since = self.loop.time() - _LOOK_AT_MEMORY_SECONDS
        for container in list(self._all.values()):
            long_at_work = container.work is not None and container.began < since
            if long_at_work and container.pid and _memory_mb(container.pid) > container.function.memory_mb:
                container.kill()
        if self._all:
            self._watch_memory()


def _place(function: Function, environment: Mapping[str, str]) -> dict[str, str]:
    """What tells the local AWS that a function is in the VPC."""
    token = environment.get("AWS_SESSION_TOKEN")
    return {"AWS_SESSION_TOKEN": token + VPC_TOKEN} if token and function.in_vpc else {}


def _memory_mb(pid: int) -> int:
    """How much memory a process holds; 0 where the platform does not say."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) // _PAGES_A_MB
    except (OSError, IndexError):
        return 0
