"""Invokes the handlers of a Chalice app as Lambda does: by name, in containers, their events through JSON."""

import asyncio
import json
import logging
import os
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from chalice.config import Config

from chalicelib.core.config import settings
from local.containers import ContainerExit, Containers, Job
from local.events import ACCOUNT_ID, INVOCATION_BYTES
from local.faults import Fault, Faults

logger = logging.getLogger("local.functions")

REST_FUNCTION = "api_handler"
DEFAULT_TIMEOUT_SECONDS = 60
DEFAULT_MEMORY_MB = 128


class InvocationError(Exception):
    """No answer came: the base of the errors below."""


class FunctionError(InvocationError):
    """The function failed: Lambda's answer with a function error. `payload` has errorType and errorMessage."""

    def __init__(self, error_type: str, message: str, request_id: str) -> None:
        super().__init__(error_type)
        self.payload = {"errorType": error_type, "errorMessage": message, "requestId": request_id}


class FunctionTimeoutError(FunctionError):
    """The function reached its own timeout, and its container was killed."""


class CallerTimeoutError(InvocationError):
    """The caller waited long enough. As on AWS the function runs on, up to its own timeout."""


class EventTooLargeError(InvocationError):
    """The event is over Lambda's 6 MB."""


@dataclass(frozen=True, kw_only=True)
class _Function:
    name: str
    full_name: str
    handler: Callable[[Any, Any], Any]
    timeout_seconds: float
    memory_mb: int


class LambdaContext:
    """The second argument of every handler."""

    identity = None
    client_context = None
    function_version = "$LATEST"

    def __init__(self, function: _Function, *, request_id: str, log_stream: str, deadline: float) -> None:
        self.function_name = function.full_name
        self.invoked_function_arn = f"arn:aws:lambda:{settings().region}:{ACCOUNT_ID}:function:{function.full_name}"
        # A string, as Lambda's own runtime leaves it.
        self.memory_limit_in_mb = str(function.memory_mb)
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{function.full_name}"
        self.log_stream_name = log_stream
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until this container is killed."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class Functions:
    """The deployed functions of one app module.

    Timeouts and memory come from `.chalice/config.json` beside the module, as `chalice deploy --stage` reads them.
    At most `workers` handlers run at once; further invocations wait, where AWS would start more containers.
    """

    def __init__(
        self, module: ModuleType, *, faults: Faults | None = None, workers: int = 32, stage: str = "dev"
    ) -> None:
        self.app: Any = module.app
        self.faults = faults or Faults()
        self._module = module
        self._stage = stage
        self._config = _read_config(module)
        self._known: dict[str, _Function] = {}
        self._containers = Containers(workers)
        # Lambda always sets it, and Chalice's WebSocket handlers refuse to run without.
        os.environ.setdefault("AWS_REGION", settings().region)
        _give_each_thread_its_request(self.app)

    def timeout_seconds(self, name: str) -> float:
        """The configured timeout of a function. LookupError for an unknown one."""
        return self._function(name).timeout_seconds

    async def invoke(self, name: str, event: object, *, timeout: float | None = None) -> Any:
        """The handler's answer, as JSON values. Waits `timeout` seconds at most, without blocking the loop.

        Raises LookupError for an unknown function, and InvocationError.
        """
        answer = asyncio.wrap_future(self._submit(name, event))
        # Not wait_for: giving up must not cancel an invocation that is still queued.
        done, _ = await asyncio.wait({answer}, timeout=timeout)
        if not done:
            answer.add_done_callback(_look_at_error)
            raise CallerTimeoutError(name)
        return answer.result()

    def invoke_sync(self, name: str, event: object, *, timeout: float | None = None) -> Any:
        """The same for a thread, which it blocks. Never call it from a handler: containers could run out."""
        try:
            return self._submit(name, event).result(timeout)
        except FutureTimeoutError:
            raise CallerTimeoutError(name) from None

    def close(self, *, seconds: float = 5.0) -> None:
        """Refuses new invocations, lets running handlers finish for so long, and then kills them."""
        self._containers.close(seconds)

    def _submit(self, name: str, event: object) -> "Future[Any]":
        function = self._function(name)
        text = json.dumps(event, ensure_ascii=False)
        # Encoding only to measure is left out where even four bytes a character would fit.
        if len(text) * 4 > INVOCATION_BYTES and len(text.encode()) > INVOCATION_BYTES:
            raise EventTooLargeError(name)
        request_id = str(uuid.uuid4())
        seconds = self.faults.take(Fault.KILL_AT, name) or function.timeout_seconds
        job = Job(
            name=name,
            work=lambda log_stream, deadline: self._run(
                function,
                text,
                LambdaContext(function, request_id=request_id, log_stream=log_stream, deadline=deadline),
            ),
            seconds=seconds,
            timed_out=FunctionTimeoutError(
                "Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds", request_id
            ),
            exited=FunctionError("Runtime.ExitError", "Runtime exited with error: signal: killed", request_id),
        )
        if not self._containers.submit(job):
            raise InvocationError("the functions are closed")
        return job.future

    def _run(self, function: _Function, event: str, context: LambdaContext) -> Any:
        if self.faults.take(Fault.KILL_BEFORE, function.name):
            raise ContainerExit
        try:
            answer = _result(function.handler(json.loads(event), context), context)
        except FunctionError as error:
            logger.error("%s failed: %s", function.name, error)
            raise
        except Exception as error:
            # The log names the type and place only: a message may quote what a user wrote.
            place = traceback.extract_tb(error.__traceback__)[-1]
            logger.error("%s failed: %s at %s:%s", function.name, type(error).__name__, place.filename, place.lineno)
            raise FunctionError(type(error).__name__, str(error), context.aws_request_id) from error
        if self.faults.take(Fault.KILL_AFTER, function.name):
            raise ContainerExit
        return answer

    def _function(self, name: str) -> _Function:
        known = self._known.get(name)
        if known is None:
            handler = self.app if name == REST_FUNCTION else getattr(self._module, name, None)
            if not callable(handler):
                raise LookupError(f"{self._module.__name__} has no function {name}")
            config = Config(chalice_stage=self._stage, function_name=name, config_from_disk=self._config)
            known = self._known[name] = _Function(
                name=name,
                full_name=f"{self.app.app_name}-{self._stage}-{name}",
                handler=handler,
                timeout_seconds=config.lambda_timeout or DEFAULT_TIMEOUT_SECONDS,
                memory_mb=config.lambda_memory_size or DEFAULT_MEMORY_MB,
            )
        return known


def _result(answer: object, context: LambdaContext) -> Any:
    """The answer as its caller gets it, through JSON; FunctionError when it cannot go that way."""
    try:
        text = json.dumps(answer, ensure_ascii=False, allow_nan=False, default=_decimal)
        size = len(text.encode())
    except (TypeError, ValueError) as error:  # a lone surrogate is a ValueError as well
        raise FunctionError(
            "Runtime.MarshalError", f"Unable to marshal response: {error}", context.aws_request_id
        ) from error
    if size > INVOCATION_BYTES:
        raise FunctionError(
            "Function.ResponseSizeTooLarge",
            f"Response payload size exceeded maximum allowed payload size ({INVOCATION_BYTES} bytes).",
            context.aws_request_id,
        )
    return json.loads(text)


def _decimal(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _look_at_error(answer: "asyncio.Future[Any]") -> None:
    """A failure after the caller left was logged where it happened; asyncio need not say that nobody looked."""
    if not answer.cancelled():
        answer.exception()


def _read_config(module: ModuleType) -> dict[str, Any]:
    path = Path(getattr(module, "__file__", None) or "/none").parent / ".chalice" / "config.json"
    config: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return config


def _give_each_thread_its_request(app: Any) -> None:
    """Chalice keeps the current request on the app, since a container serves one at a time: here, one per thread."""
    if getattr(type(app), "request_per_thread", False):
        return
    state = threading.local()

    def per_thread(name: str) -> property:
        return property(lambda _: getattr(state, name, None), lambda _, value: setattr(state, name, value))

    names = ("current_request", "lambda_context")
    members: dict[str, Any] = {name: per_thread(name) for name in names}
    app.__class__ = type("Chalice", (type(app),), {**members, "request_per_thread": True})
