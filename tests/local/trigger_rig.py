"""The local AWS, a sample app's functions and the triggers between them."""

import time
from collections.abc import Callable
from typing import Any

from local.aws import Aws
from local.faults import Faults
from local.functions import Deployment, Functions
from local.triggers import Triggers
from tests.local.triggered import recorder
from tests.support.oracle import Oracle

PUSH, PUSH_DEAD = "messenger-push.fifo", "messenger-push-dead.fifo"
PRESENCE = "messenger-presence"
BUCKET = "messenger-uploads-123456789012-us-east-1"


class Rig:
    """All of them, for one test module."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.aws = Aws(faults=self.faults)
        self.aws.start()
        self.oracle = Oracle(recorder)
        self.functions = Functions(Deployment(app="tests.local.triggered", processes=12), faults=self.faults)
        self.functions.renew(prepare=[("tests.local.triggered.report_to", {"address": self.oracle.address})])
        self.triggers = self.new_triggers()

    def new_triggers(self, **options: Any) -> Triggers:
        given: dict[str, Any] = {"retry_seconds": 0.05, "async_retry_seconds": (0.05, 0.1), "schedules": False}
        triggers = Triggers(self.functions, self.aws.queues, faults=self.faults, **{**given, **options})
        self.aws.on_created = triggers.object_created
        triggers.start()
        return triggers

    def fresh(self) -> "Rig":
        """Empties everything."""
        self.faults.clear()
        with self.triggers.paused():
            self.aws.reset()
        recorder.reset()
        return self

    def replace_triggers(self, **options: Any) -> None:
        """Goes on with others."""
        self.triggers.stop()
        self.triggers = self.new_triggers(**options)

    def stop(self) -> None:
        """Ends all of it."""
        self.triggers.stop()
        self.functions.close()
        self.oracle.close()
        self.aws.stop()

    def send(self, queue: str, body: str, *, group: str | None = None, **more: Any) -> str:
        fifo = {"MessageGroupId": group, "MessageDeduplicationId": f"{time.time_ns()}"} if group else {}
        answer = self.aws.client("sqs").send_message(
            QueueUrl=self.aws.queue_url(queue), MessageBody=body, **fifo, **more
        )
        return str(answer["MessageId"])

    def put(self, key: str) -> str:
        """Stores an object. Returns its ETag."""
        return str(self.aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"12345")["ETag"])

    def waiting(self, queue: str) -> list[str]:
        """The bodies in a queue that nobody polls."""
        messages = self.aws.queues.receive(queue, most=10, wait=0)
        return [message["Body"] for message in messages]


def raising(times: int) -> Callable[[dict[str, Any]], Any]:
    """An answer that is an exception, so many times."""
    left = [times]

    def answer(_: dict[str, Any]) -> None:
        if left[0]:
            left[0] -= 1
            raise RuntimeError("as asked")

    return answer
