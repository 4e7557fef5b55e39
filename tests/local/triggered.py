"""A Chalice app whose functions are called by triggers and do what a test tells them.

The test has the recorder; in a container `recorder` asks for it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Rate, S3Event, SQSEvent

from tests.support.oracle import Asking

app = Chalice(app_name="triggered", configure_logs=False)


class Recorder:
    """What the functions saw, in order, and what they are to answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self.times: list[float] = []

    def see(self, function: str, event: dict[str, Any]) -> Any:
        with self.lock:
            self.events.setdefault(function, []).append(event)
            self.times.append(time.monotonic())
        answer = self.answers.get(function)
        return answer(event) if answer is not None else None

    def bodies(self, function: str) -> list[str]:
        """The bodies of all records, in the order in which they came."""
        return [record["body"] for event in self.events.get(function, []) for record in event["Records"]]


recorder = Recorder()


def report_to(address: str) -> None:
    """Has a container report to the test."""
    globals()["recorder"] = Asking(address)


@app.on_sqs_message(queue="messenger-push.fifo", batch_size=10, name="push")
def push(event: SQSEvent) -> Any:
    return recorder.see("push", event.to_dict())


@app.on_sqs_message(
    queue_arn="arn:aws:sqs:us-east-1:123456789012:messenger-presence",
    batch_size=25,
    maximum_batching_window_in_seconds=1,
    maximum_concurrency=2,
)
def presence(event: SQSEvent) -> Any:
    return recorder.see("presence", event.to_dict())


@app.on_s3_event(bucket="messenger-uploads-123456789012-us-east-1", prefix="in/", suffix=".png")
def stored(event: S3Event) -> Any:
    recorder.see("key", {"key": event.key})
    return recorder.see("stored", event.to_dict())


@app.on_s3_event(bucket="messenger-uploads-123456789012-us-east-1", events=["s3:ObjectCreated:Copy"])
def copied(event: S3Event) -> Any:
    return recorder.see("copied", event.to_dict())


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep_all(event: CloudWatchEvent) -> Any:
    return recorder.see("sweep_all", event.to_dict())
