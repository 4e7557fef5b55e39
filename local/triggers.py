"""Queues, uploads and schedules: what calls the app's functions without a client's request."""

import contextlib
import fnmatch
import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from chalice.app import S3EventConfig, ScheduledEventConfig, SQSEventConfig

from local.aws_messages import StoredObject
from local.faults import Fault, Faults
from local.functions import Functions, InvocationError, ThrottledError
from local.queue_source import QueueSource
from local.queues import Queues
from local.trigger_events import s3_event, schedule_event
from local.trigger_work import Work

logger = logging.getLogger("local.triggers")

# Lambda tries an asynchronous invocation three times, after one and two minutes; nobody waits that long at a desk.
ASYNC_RETRY_SECONDS = (1.0, 2.0)

_UNITS = {"minute": 60, "hour": 60 * 60, "day": 24 * 60 * 60}


class Triggers:
    """Plays every event source that the app declares.

    `retry_seconds` is how soon a failed queue record comes again; None leaves that to the queue's visibility timeout,
    as AWS does. Without `schedules` only `fire_schedule` fires them. Raises ValueError for an event source that is
    not known here.
    """

    def __init__(
        self,
        functions: Functions,
        queues: Queues,
        *,
        faults: Faults,
        retry_seconds: float | None = None,
        async_retry_seconds: Sequence[float] = ASYNC_RETRY_SECONDS,
        schedules: bool = True,
    ) -> None:
        self._functions = functions
        self._queues = queues
        self._faults = faults
        self._region = queues.region
        self._async_retry_seconds = async_retry_seconds
        self._work = Work()
        self._stopping = threading.Event()
        self._sources: list[QueueSource] = []
        self._buckets: list[Any] = []
        self._schedules: dict[str, float] = {}
        for declared in functions.app.event_sources:
            if isinstance(declared, SQSEventConfig):
                source = QueueSource(
                    declared,
                    functions=functions,
                    queues=queues,
                    work=self._work,
                    faults=faults,
                    retry_seconds=retry_seconds,
                )
                self._sources.append(source)
            elif isinstance(declared, S3EventConfig):
                self._buckets.append(declared)
            elif isinstance(declared, ScheduledEventConfig):
                self._schedules[_function(declared)] = _seconds(declared.schedule_expression)
            else:
                raise ValueError(f"{declared.name}: the local stack does not play {type(declared).__name__}")
        self._clocks = [
            threading.Thread(target=self._play, args=item, name=f"schedule-{item[0]}", daemon=True)
            for item in (self._schedules.items() if schedules else ())
        ]

    def start(self) -> None:
        """Begins to poll queues and to play schedules."""
        for source in self._sources:
            source.start()
        for clock in self._clocks:
            clock.start()

    def stop(self, *, seconds: float = 5.0) -> None:
        """Takes nothing any more and gives handlers so long to end. Messages in hand come again after a restart."""
        self._work.pause()
        self._queues.wake()
        self._work.forget_later()
        self._work.wait_until_idle(seconds)
        self._stopping.set()
        self._work.stop()
        self._queues.wake()
        for source in self._sources:
            source.join()

    def object_created(self, stored: StoredObject, event_name: str) -> None:
        """Tells the functions that subscribed to this kind of event in this bucket."""
        for declared in self._buckets:
            if (
                declared.bucket == stored.bucket
                and any(fnmatch.fnmatchcase(f"s3:{event_name}", pattern) for pattern in declared.events)
                and stored.key.startswith(declared.prefix or "")
                and stored.key.endswith(declared.suffix or "")
            ):
                function = _function(declared)
                self._invoke_later(function, s3_event(stored, event_name, self._region, declared.name))

    def fire_schedule(self, function: str) -> Any:
        """Invokes a scheduled function now and waits for its answer. Raises FunctionError, LookupError."""
        if function not in self._schedules:
            raise LookupError(f"{function} has no schedule")
        with self._work.taken():
            return self._functions.invoke_sync(function, schedule_event(function, self._region))

    def drain(self, timeout: float = 10.0) -> None:
        """Waits until no queue holds a message and no function runs for a trigger or waits for its next try.

        Delayed messages are waited for, those left to a visibility timeout are not. Raises TimeoutError.
        """
        until = time.monotonic() + timeout
        while True:
            begun = self._work.begun
            waiting = {source.queue: len(source.waiting()) for source in self._sources}
            if self._work.idle() and not any(waiting.values()) and self._work.begun == begun:
                return
            if time.monotonic() > until:
                raise TimeoutError(f"triggers are still busy after {timeout} s; messages waiting: {waiting}")
            time.sleep(0.005)

    @contextlib.contextmanager
    def paused(self, seconds: float = 10.0) -> Iterator[None]:
        """Nothing is taken inside. What was under way has ended before, further tries of it are forgotten."""
        self._work.pause()
        self._queues.wake()
        for source in self._sources:
            source.settle()
        self._work.forget_later()
        if not self._work.wait_until_idle(seconds):
            logger.warning("triggers are still busy after %s s", seconds)
        self._work.forget_later()
        try:
            yield
        finally:
            self._work.resume()

    def _invoke_later(self, function: str, event: dict[str, Any]) -> None:
        """An asynchronous invocation: nobody waits for it, and it is tried again."""
        held_back = self._faults.take(Fault.TRIGGER_REORDERED, function)
        for _ in range(2 if self._faults.take(Fault.TRIGGER_DOUBLED, function) else 1):
            self._work.after(held_back, lambda: self._try(function, event, 0))

    def _try(self, function: str, event: dict[str, Any], tries: int) -> None:
        try:
            self._functions.invoke_sync(function, event)
        except ThrottledError:
            # Lambda keeps an event for hours where there is no concurrency left; that costs it none of its tries.
            self._work.after(self._async_retry_seconds[0], lambda: self._try(function, event, tries))
        except InvocationError as error:
            if tries == len(self._async_retry_seconds):
                logger.error("%s failed %s times and its event is dropped: %s", function, tries + 1, error)
                return
            pause = self._async_retry_seconds[tries]
            logger.warning("%s failed and is tried again in %s s: %s", function, pause, error)
            self._work.after(pause, lambda: self._try(function, event, tries + 1))

    def _play(self, function: str, every: float) -> None:
        while not self._stopping.wait(every):
            if self._work.taking:
                self._invoke_later(function, schedule_event(function, self._region))


def _function(declared: Any) -> str:
    """The handler's name in the app module, which `Functions` goes by."""
    return str(declared.handler_string).rpartition(".")[2]


def _seconds(expression: Any) -> float:
    text = expression if isinstance(expression, str) else expression.to_string()
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text)
    if rate is None:
        raise ValueError(f"the local stack plays rate(…) schedules only, not {text}")
    return float(rate[1]) * _UNITS[rate[2]]
