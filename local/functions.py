"""Invokes the functions of a Chalice app as Lambda does: by name, in containers, their events through JSON."""

import asyncio
import logging
import os
import sys
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from chalice.config import Config

from chalicelib.core.config import Settings, settings
from local.container import Preparation, World
from local.containers import Containers
from local.description import App
from local.environment import variables_of
from local.events import ACCOUNT_ID
from local.faults import Fault, Faults
from local.host import Code, Host
from local.invocations import (
    Function,
    FunctionError,
    FunctionTimeoutError,
    Invocation,
    InvocationError,
    ThrottledError,
)
from local.loop import LoopThread
from local.runtime import INVOCATION_BYTES

__all__ = [
    "CallerTimeoutError",
    "EventTooLargeError",
    "FunctionError",
    "FunctionTimeoutError",
    "Functions",
    "InvocationError",
    "Preparation",
    "ThrottledError",
]

logger = logging.getLogger("local.functions")

REST_FUNCTION = "api_handler"
DEFAULT_TIMEOUT_SECONDS = 60
DEFAULT_MEMORY_MB = 128
PROCESSES = 32
# A new account has 1,000. There each invocation runs at once; here it counts while it waits for one of the processes
# too, and a burst that AWS runs on a hundred containers has more than 1,000 waiting.
CONCURRENCY = 10_000


class CallerTimeoutError(InvocationError):
    """The caller waited long enough. As on AWS the function runs on, up to its own timeout."""


class EventTooLargeError(InvocationError):
    """The event is over Lambda's 6 MB."""


@dataclass(frozen=True, kw_only=True)
class Deployment(Code):
    """What is deployed: code, at a stage of `.chalice/config.json` beside it.

    `in_vpc` names the functions in the VPC. `output` is the file for what functions write, by default our own stderr.
    At most `processes` containers are there at once; `concurrency` is the account's.
    """

    stage: str = "dev"
    in_vpc: frozenset[str] = frozenset()
    output: Path | None = None
    processes: int = PROCESSES
    concurrency: int = CONCURRENCY


class Functions:
    """The deployed functions of one app.

    Timeouts, memory and reserved concurrency are those that `chalice deploy --stage` reads. Containers read the
    settings in force when this is made, or when `renew` was called last.
    """

    def __init__(
        self, deployment: Deployment, *, faults: Faults | None = None, loop: LoopThread | None = None
    ) -> None:
        self.deployment = deployment
        self.faults = faults or Faults()
        self._loop = loop or LoopThread()
        self._stops_loop = loop is None
        self._output = os.dup(2) if deployment.output is None else _open(deployment.output)
        self._environment = _environment(settings())
        host, self.app = self._launch()
        self._config = self.app.config
        self._known: dict[str, Function] = {}
        world = World(host=host, environment=self._environment)
        self._containers = Containers(
            self._loop.loop,
            world,
            output=self._output,
            processes=deployment.processes,
            concurrency=deployment.concurrency,
        )
        self._loop.call(lambda: host.listen(self._loop.loop))

    @property
    def pids(self) -> list[int]:
        """The processes that there are now."""
        return self._loop.call(self._containers.pids)

    @property
    def under_way(self) -> int:
        """How many invocations there are now, also those whose caller waits no longer."""
        return self._loop.call(lambda: self._containers.under_way)

    @property
    def host_pid(self) -> int:
        """The process that containers are forked from."""
        return self._containers.world.host.pid

    @property
    def prepare(self) -> Sequence[Preparation]:
        """What each container does before its first event."""
        return self._containers.world.prepare

    def timeout_seconds(self, name: str) -> float:
        """The configured timeout of a function. LookupError for an unknown one."""
        return self._function(name).timeout_seconds

    async def invoke(self, name: str, event: object, *, timeout: float | None = None) -> Any:
        """The handler's answer, as JSON values. Waits `timeout` seconds at most, without blocking the loop.

        Raises LookupError for an unknown function, and InvocationError.
        """
        if not self._loop.is_here():
            there = asyncio.run_coroutine_threadsafe(self.invoke(name, event, timeout=timeout), self._loop.loop)
            return await asyncio.wrap_future(there)
        answer = self._submit(name, event).answer
        if timeout is None:
            return msgspec.json.decode(await answer)
        patience = self._loop.loop.call_later(timeout, _give_up, answer, name)
        try:
            return msgspec.json.decode(await answer)
        finally:
            patience.cancel()

    def invoke_sync(self, name: str, event: object, *, timeout: float | None = None) -> Any:
        """The same for a thread, which it blocks."""
        if self._containers.closed:
            raise InvocationError("the functions are closed")
        return self._loop.run(self.invoke(name, event, timeout=timeout))

    def renew(self, *, prepare: Sequence[Preparation] | None = None, frozen: bool | None = None) -> None:
        """Has new containers take the place of all others: with the settings in force, and as tests want them.

        What is left out stays as it is. `prepare` is called in each container before its first event; `frozen` stops
        containers between events, as AWS does, so that what they keep open grows old unnoticed.
        """
        self._environment = _environment(settings())

        def renew() -> None:
            before = self._containers.world
            world = World(
                host=before.host,
                environment=self._environment,
                prepare=before.prepare if prepare is None else prepare,
                frozen=before.frozen if frozen is None else frozen,
            )
            self._containers.renew(world)

        self._loop.call(renew)

    def reload(self) -> None:
        """Loads the app's code anew, and has new containers take the place of all others. Raises HostError."""
        host, app = self._launch()

        def replace() -> None:
            if self._containers.closed:
                host.end(self._loop.loop)
                return
            host.listen(self._loop.loop)
            before = self._containers.world
            world = World(host=host, environment=self._environment, prepare=before.prepare, frozen=before.frozen)
            self.app, self._config, self._known = app, app.config, {}
            self._containers.renew(world)

        self._loop.call(replace)

    def close(self, *, seconds: float = 5.0) -> None:
        """Refuses new invocations, lets running handlers finish for so long, and then kills them."""
        if self._containers.closed:
            return
        self._loop.run(self._containers.close(seconds))
        host = self._containers.world.host
        self._loop.call(lambda: host.end(self._loop.loop))
        os.close(self._output)
        if self._stops_loop:
            self._loop.stop()

    def _launch(self) -> tuple[Host, App]:
        launched: list[Host] = []

        def gone() -> None:
            self._revive(launched[0])

        host, app = Host.launch(
            self.deployment,
            environment=self._environment,
            output=self._output,
            on_word=lambda word: self._containers.hear(word),  # noqa: PLW0108  # the containers come later
            on_gone=gone,
        )
        launched.append(host)
        return host, app

    def _revive(self, host: Host) -> None:
        """The process that forks containers has died: another one takes its place."""
        self._containers.lose(host)
        if self._containers.closed or self._containers.world.host is not host:
            return
        logger.error("the process that starts containers died; it is started again")
        threading.Thread(target=self.reload, name="reload", daemon=True).start()

    def _submit(self, name: str, event: object) -> Invocation:
        function = self._function(name)
        said = msgspec.json.encode(event)
        if len(said) > INVOCATION_BYTES:
            raise EventTooLargeError(name)
        at = self.faults.take(Fault.KILL_AT, name)
        kill = next((each for each in (Fault.KILL_BEFORE, Fault.KILL_AFTER) if self.faults.take(each, name)), None)
        work = Invocation(
            function=function,
            event=said,
            request_id=str(uuid.uuid4()),
            seconds=at or function.timeout_seconds,
            answer=self._loop.loop.create_future(),
            kill=kill,
        )
        self._containers.submit(work)
        return work

    def _function(self, name: str) -> Function:
        known = self._known.get(name)
        if known is None:
            if name != REST_FUNCTION and name not in self.app.handlers:
                raise LookupError(f"{self.deployment.app} has no function {name}")
            config = Config(chalice_stage=self.deployment.stage, function_name=name, config_from_disk=self._config)
            full_name = f"{self.app.name}-{self.deployment.stage}-{name}"
            known = self._known[name] = Function(
                name=name,
                full_name=full_name,
                arn=f"arn:aws:lambda:{settings().region}:{ACCOUNT_ID}:function:{full_name}",
                timeout_seconds=config.lambda_timeout or DEFAULT_TIMEOUT_SECONDS,
                memory_mb=config.lambda_memory_size or DEFAULT_MEMORY_MB,
                reserved=config.reserved_concurrency,
                in_vpc=name in self.deployment.in_vpc,
            )
        return known


def _give_up(answer: "asyncio.Future[bytes]", name: str) -> None:
    if not answer.done():
        answer.set_exception(CallerTimeoutError(name))


def _environment(here: Settings) -> dict[str, str]:
    """What a function's environment holds on AWS, the settings included."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python3.{sys.version_info.minor}",
        "AWS_DEFAULT_REGION": here.region,
        "PYTHONUNBUFFERED": "1",
        **variables_of(here),
    }


def _open(output: Path) -> int:
    return os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
