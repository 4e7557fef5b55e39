"""What the triggers have under way: threads that do it, things to do later, and whether anything is left."""

import contextlib
import logging
import sched
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

logger = logging.getLogger("local.triggers")

_THREADS = 32


class Work:
    """Runs things now or later, and knows when all is done. `pause` holds back new things from outside."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="trigger")
        self._changed = threading.Condition()
        self._open = 0
        self._begun = 0
        self._paused = False
        self._stopped = False
        self._later = sched.scheduler(time.monotonic)
        self._clock = threading.Thread(target=self._tick, name="trigger-clock", daemon=True)
        self._clock.start()

    @property
    def begun(self) -> int:
        """How many things were begun so far: unchanged between two looks, nothing happened between them."""
        return self._begun

    @property
    def stopped(self) -> bool:
        """Did `stop` begin?"""
        return self._stopped

    @property
    def taking(self) -> bool:
        """May new things be taken from outside?"""
        return not (self._paused or self._stopped)

    def now(self, action: Callable[[], None]) -> None:
        """Runs the action in a thread, soon."""
        self._add(1)
        self._submit(action)

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Runs it in a thread after so long. It counts as under way from now on."""
        self._add(1)
        with self._changed:
            self._later.enter(seconds, 0, self._submit, (action,))
            self._changed.notify_all()

    def idle(self) -> bool:
        """Is nothing under way?"""
        with self._changed:
            return self._open == 0

    def wait_until_taking(self) -> bool:
        """Waits while paused. False once stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._paused)
            return not self._stopped

    def wait_until_idle(self, seconds: float) -> bool:
        """False where something was still under way at the end of that time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, seconds)

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Something is under way in the caller's own thread."""
        self._add(1)
        try:
            yield
        finally:
            self._add(-1)

    def pause(self) -> None:
        """From now on nothing is taken from outside."""
        with self._changed:
            self._paused = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Ends a pause."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def forget_later(self) -> None:
        """Drops what waits for its time."""
        with self._changed:
            waiting = self._later.queue
            for event in waiting:
                self._later.cancel(event)
            self._open -= len(waiting)
            self._changed.notify_all()

    def stop(self) -> None:
        """Takes nothing any more. What runs is left to end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self.forget_later()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._clock.join()

    def _add(self, count: int) -> None:
        with self._changed:
            self._open += count
            self._begun += max(0, count)
            self._changed.notify_all()

    def _submit(self, action: Callable[[], None]) -> None:
        def run() -> None:
            try:
                action()
            except Exception:
                logger.exception("a trigger failed")
            finally:
                self._add(-1)

        try:
            self._threads.submit(run)
        except RuntimeError:  # stopped meanwhile
            self._add(-1)

    def _tick(self) -> None:
        while True:
            self._later.run(blocking=False)
            with self._changed:
                if self._stopped:
                    return
                waiting = self._later.queue
                self._changed.wait(max(0.0, waiting[0].time - time.monotonic()) if waiting else None)
