"""Threads that play Lambda's containers: each serves one job at a time, and can be killed at its deadline.

What a handler keeps in thread-local state lives as long as its container: it survives to the next job there, and is
gone when the container is killed.
"""

import ctypes
import gc
import logging
import queue
import secrets
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

logger = logging.getLogger("local.functions")

NEVER = float("inf")


class ContainerKilled(BaseException):
    """Raised inside a handler's thread to end it, as SIGKILL ends a container."""


class ContainerExit(BaseException):
    """Raised by a job to end its container and to be told as `Job.exited`."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Work for one container. `work` gets the container's log stream and its deadline on the monotonic clock."""

    name: str
    work: Callable[[str, float], Any]
    seconds: float
    timed_out: Exception
    exited: Exception
    future: "Future[Any]" = field(default_factory=Future)


class Containers:
    """At most `most` containers, started when they are needed; further jobs wait for a free one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        # Taken as a plain lock only: a Condition's own `with` is Python code, in which a killed thread could leak it.
        self._lock = threading.Lock()
        self._deadlines_changed = threading.Condition(self._lock)
        self._alive: set[_Container] = set()
        self._next_look = NEVER
        self._closed = False
        self._watchdog = threading.Thread(target=self._watch, name="lambda-watchdog", daemon=True)
        self._watchdog.start()

    def submit(self, job: Job) -> bool:
        """Queues the job, whose future gets the answer; False once closed."""
        with self._lock:
            if self._closed:
                return False
            self._jobs.put(job)
            if not self._idle.acquire(blocking=False) and len(self._alive) < self._most:
                self._start()
        return True

    def close(self, seconds: float) -> None:
        """Refuses new jobs, lets those at work or queued finish for so long, and then kills them."""
        with self._lock:
            self._closed = True
            alive = list(self._alive)
        for _ in alive:
            self._jobs.put(None)
        until = time.monotonic() + seconds
        for container in alive:
            container.join(max(0.0, until - time.monotonic()))
        with self._lock:
            for container in self._alive:
                container.deadline = time.monotonic() if container.job else NEVER
            self._deadlines_changed.notify()
        self._watchdog.join(1.0)

    # What a container calls, in its own thread.

    def next_job(self) -> Job | None:
        """Waits for work; None ends the container."""
        try:
            return self._jobs.get_nowait()
        except queue.Empty:
            self._idle.release()
            return self._jobs.get()

    def begin(self, container: "_Container", job: Job) -> float:
        """The deadline. From here to `end` the watchdog may kill the container."""
        deadline = time.monotonic() + job.seconds
        with self._lock:
            container.job, container.deadline = job, deadline
            if deadline < self._next_look:
                self._deadlines_changed.notify()
        return deadline

    def end(self, container: "_Container") -> None:
        """Raises ContainerKilled when the deadline came first."""
        with self._lock:
            killed = container.killed
            if not killed:
                container.job, container.deadline = None, NEVER
        if killed:
            time.sleep(0)  # here strikes the watchdog's own, unless the handler swallowed it; not in the unwinding
            raise ContainerKilled

    def replace(self, container: "_Container") -> None:
        """Starts another in place of one that ends."""
        with self._lock:
            self._replace(container)

    def _replace(self, container: "_Container") -> None:
        self._alive.discard(container)
        if not self._closed:
            self._start()

    def _start(self) -> None:
        container = _Container(self)
        self._alive.add(container)
        container.start()

    # The watchdog, in its own thread.

    def _watch(self) -> None:
        with self._lock:
            while not self._closed or any(container.job for container in self._alive):
                now = time.monotonic()
                for container in [c for c in self._alive if c.deadline <= now]:
                    self._kill(container, now)
                self._next_look = min((c.deadline for c in self._alive), default=NEVER)
                wait = None if self._next_look == NEVER else self._next_look - time.monotonic()
                self._deadlines_changed.wait(0.05 if self._closed else wait)

    def _kill(self, container: "_Container", now: float) -> None:
        job = container.job
        assert job is not None
        assert container.ident is not None
        if not _strike(container.ident):
            container.deadline = now + 0.001
            return
        container.killed, container.job, container.deadline = True, None, NEVER
        self._replace(container)
        logger.warning("%s timed out: its container was killed", job.name)
        job.future.set_exception(job.timed_out)


class _Container(threading.Thread):
    def __init__(self, containers: Containers) -> None:
        super().__init__(name="lambda-container", daemon=True)
        # These three belong to the containers' lock.
        self.job: Job | None = None
        self.deadline = NEVER
        self.killed = False
        self._containers = containers
        self._log_stream = f"{time.strftime('%Y/%m/%d')}/[$LATEST]{secrets.token_hex(16)}"

    def run(self) -> None:
        try:
            while (job := self._containers.next_job()) is not None and self._serve(job):
                pass
        except ContainerKilled:
            # The thread ends, and with it all its thread-local state.
            return

    def _serve(self, job: Job) -> bool:
        """Whether this container lives on."""
        deadline = self._containers.begin(self, job)
        try:
            answer = job.work(self._log_stream, deadline)
        except ContainerKilled:
            raise
        except Exception as error:
            self._containers.end(self)
            job.future.set_exception(error)
            return True
        except BaseException:  # sys.exit and its like end a Lambda runtime too
            self._containers.end(self)
            self._containers.replace(self)
            logger.warning("%s: its container exited", job.name)
            job.future.set_exception(job.exited)
            return False
        self._containers.end(self)
        job.future.set_result(answer)
        return True


def _strike(thread: int) -> bool:
    """Ends a thread where it is, and answers True; unless a lock of the process would be taken along there.

    Nothing comes between the look and the strike that could let the thread go on. No garbage is collected either:
    before Python 3.11.9 the look holds a lock that every thread needs to begin and to end, and a finalizer that let
    go of the GIL meanwhile would stop the process for ever (https://github.com/python/cpython/issues/106883).
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        if _holds_process_lock(sys._current_frames().get(thread)):
            return False
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(ContainerKilled))
        return True
    finally:
        if collects:
            gc.enable()


def _holds_process_lock(frame: FrameType | None) -> bool:
    """Whether a handler is just inside logging or import, whose locks a killed thread would take along for ever.

    It strikes at the frame that is seen here or on entry to the next one, since the GIL is held in between.
    """
    while frame is not None and (module := frame.f_globals.get("__name__")) != __name__:
        if module in {"logging", "importlib._bootstrap"}:
            return True
        frame = frame.f_back
    return False
