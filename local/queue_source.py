"""Carries the messages of one queue to one function, as Lambda's event source mapping does."""

import functools
import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

from local.faults import Fault, Faults
from local.functions import Functions, InvocationError
from local.queues import QueueError, Queues
from local.trigger_events import failed_records, sqs_event
from local.trigger_work import Work

logger = logging.getLogger("local.triggers")

# Lambda begins with five pollers a queue.
_CONCURRENCY = 5
_MOST_A_CALL = 10


class QueueSource:
    """Polls in a thread of its own and invokes in the threads of `work`, several batches at once.

    A record that failed becomes visible again after `retry_seconds`, or when the queue's own visibility timeout ends
    where that is None; until then its FIFO group is held back. The queue's redrive policy ends in the dead letters.
    """

    def __init__(
        self,
        declared: Any,
        *,
        functions: Functions,
        queues: Queues,
        work: Work,
        faults: Faults,
        retry_seconds: float | None,
    ) -> None:
        self.function: str = declared.handler_string.rpartition(".")[2]
        self.queue: str = declared.queue or declared.queue_arn.rpartition(":")[2]
        self._batch_size: int = declared.batch_size
        self._window: float = declared.maximum_batching_window_in_seconds
        self._functions = functions
        self._queues = queues
        self._work = work
        self._faults = faults
        self._retry_seconds = retry_seconds
        self._slots = threading.Semaphore(declared.maximum_concurrency or _CONCURRENCY)
        self._polling = threading.Lock()
        self._left: set[str] = set()
        self._thread = threading.Thread(target=self._poll, name=f"poll-{self.queue}", daemon=True)

    def start(self) -> None:
        """Begins to poll."""
        self._thread.start()

    def join(self) -> None:
        """Waits until the poller has ended; `Work.stop` and `Queues.wake` make it end."""
        self._thread.join()

    def settle(self) -> None:
        """Waits until the poller has seen a pause: what it took before is under way by then."""
        with self._polling:
            self._left.clear()

    def waiting(self) -> set[str]:
        """The messages that are still to be handled, or are being handled.

        Those that failed and wait for the queue's own visibility timeout are not among them.
        """
        return self._queues.held(self.queue) - self._left

    def _poll(self) -> None:
        while self._work.wait_until_taking():
            if not self._slots.acquire(timeout=0.5):
                continue
            with self._polling:
                messages = self._receive() if self._work.taking else []
                if messages:
                    self._work.now(functools.partial(self._handle, messages))
            if not messages:
                self._slots.release()

    def _receive(self) -> list[dict[str, Any]]:
        """A batch: what is there, and where a batching window is declared what comes until it ends."""
        messages: list[dict[str, Any]] = []
        until: float | None = None
        while len(messages) < self._batch_size and self._work.taking:
            wait = 20.0 if until is None else until - time.monotonic()
            if wait < 0:
                break
            try:
                more = self._queues.receive(
                    self.queue,
                    most=min(_MOST_A_CALL, self._batch_size - len(messages)),
                    wait=wait,
                    wanted=lambda: self._work.taking,
                )
            except QueueError as error:
                logger.warning("%s", error)
                time.sleep(0.1)
                break
            if not more:
                break
            messages += more
            until = until or time.monotonic() + self._window
        self._left.difference_update(message["MessageId"] for message in messages)
        return messages

    def _handle(self, messages: list[dict[str, Any]]) -> None:
        try:
            if self._faults.take(Fault.TRIGGER_REORDERED, self.function):
                messages = messages[::-1]
            if self._faults.take(Fault.TRIGGER_DOUBLED, self.function):
                self._failed(messages)
            failed = self._failed(messages)
            self._delete([message for message in messages if message["MessageId"] not in failed])
            self._leave([message for message in messages if message["MessageId"] in failed])
        except QueueError as error:
            # The queue was made anew under us, or its messages have run out of time.
            logger.warning("%s", error)
        finally:
            self._slots.release()

    def _failed(self, messages: Sequence[dict[str, Any]]) -> set[str]:
        ids = [message["MessageId"] for message in messages]
        try:
            answer = self._functions.invoke_sync(self.function, sqs_event(messages, self._queues.arn(self.queue)))
        except InvocationError as error:
            logger.warning("%s failed on %s messages: %s", self.function, len(ids), error)
            return set(ids)
        return failed_records(answer, ids)

    def _delete(self, messages: Sequence[dict[str, Any]]) -> None:
        for some in _tens(messages):
            self._queues.call(
                "DeleteMessageBatch", {"QueueUrl": self._queues.url(self.queue), "Entries": _entries(some)}
            )

    def _leave(self, messages: Sequence[dict[str, Any]]) -> None:
        if not messages:
            return
        if self._retry_seconds is None:
            self._left.update(message["MessageId"] for message in messages)
        else:
            self._work.after(self._retry_seconds, lambda: self._show(messages))

    def _show(self, messages: Sequence[dict[str, Any]]) -> None:
        for some in _tens(messages):
            entries = [{**entry, "VisibilityTimeout": 0} for entry in _entries(some)]
            self._queues.call(
                "ChangeMessageVisibilityBatch", {"QueueUrl": self._queues.url(self.queue), "Entries": entries}
            )


def _tens(messages: Sequence[dict[str, Any]]) -> list[Sequence[dict[str, Any]]]:
    return [messages[start : start + _MOST_A_CALL] for start in range(0, len(messages), _MOST_A_CALL)]


def _entries(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)]
