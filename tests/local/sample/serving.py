"""The sample app behind a real gateway on a real port, for the length of a `with`."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
from botocore.config import Config
from starlette.routing import BaseRoute

from chalicelib.core.config import Settings, settings, use
from local.events import DEFAULT_LIMITS, Limits
from local.faults import Faults
from local.functions import Functions
from local.gateway import Gateway
from local.http_posts import PostsAtOnce
from local.loop import LoopThread
from local.protocols import server
from tests.local.sample import app as sample
from tests.local.sample.deployed import deployed
from tests.support import web

SETTINGS = Settings(
    access_key_id="AKIALOCALTESTS", secret_access_key="not-a-secret", session_token="token", region="eu-central-1"
)


@dataclass
class Running:
    port: int
    functions: Functions
    faults: Faults
    stop: Callable[[], None]
    tasks: set[asyncio.Task[None]]
    record: sample.Record = field(default_factory=lambda: sample.record)

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api"

    def renew(self) -> "Running":
        """For the next test: no faults, and no events, not even late ones of the test before."""
        wait_for(lambda: not self.tasks)
        self.faults.clear()
        self.record.reset()
        return self

    def client(self) -> httpx.Client:
        return web.client(self.http)

    def events(self, name: str, count: int = 1, *, seconds: float = 5) -> list[dict[str, Any]]:
        """The events a handler got, once there are so many."""
        wait_for(lambda: len(self.record.events.get(name, [])) >= count, seconds=seconds)
        return self.record.events[name]

    def management(self, **override: Any) -> Any:
        """boto3's client for @connections. It does not retry, so that tests see every answer."""
        given = {
            "region_name": SETTINGS.region,
            "aws_access_key_id": SETTINGS.access_key_id,
            "aws_secret_access_key": SETTINGS.secret_access_key,
            "aws_session_token": SETTINGS.session_token,
            "endpoint_url": f"{self.http}/api",
            "config": Config(retries={"total_max_attempts": 1}, max_pool_connections=50),
        }
        return boto3.session.Session().client("apigatewaymanagementapi", **{**given, **override})


def wait_for(condition: Callable[[], bool], *, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.005)


@contextmanager
def serve(
    *,
    limits: Limits = DEFAULT_LIMITS,
    extra_routes: tuple[BaseRoute, ...] = (),
    http: type[PostsAtOnce] | None = None,
    **deployment: Any,
) -> Iterator[Running]:
    before = settings()
    use(SETTINGS)
    loop = LoopThread()
    with deployed(loop, **{"processes": 16, **deployment}) as functions:
        gateway = Gateway(functions, functions.faults, limits=limits, extra_routes=extra_routes)
        uvicorn = server(gateway, host="127.0.0.1", port=0, limits=limits, http=http)
        serving = loop.start(uvicorn.serve())

        def stop() -> None:
            uvicorn.should_exit = True
            serving.result(15)

        try:
            wait_for(lambda: uvicorn.started)
            port = uvicorn.servers[0].sockets[0].getsockname()[1]
            yield Running(port, functions, functions.faults, stop, uvicorn.server_state.tasks)
        finally:
            stop()
            use(before)
    loop.stop()
