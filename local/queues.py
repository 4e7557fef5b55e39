"""The queues of the local AWS as the stack's own pollers see them: without HTTP and signatures."""

import contextlib
import itertools
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.aws_link import AwsError, AwsLink
from local.aws_messages import Asked, CallQueue, Held, Receive, Wake
from local.events import ACCOUNT_ID


class QueueError(RuntimeError):
    """SQS refused a call, or is not there any more."""


class Queues:
    """Safe across threads."""

    def __init__(self, link: AwsLink, region: str) -> None:
        self.region = region
        self._link = link
        self._wakes = 0
        self._numbers = itertools.count(1)

    def call(self, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """One call. Raises QueueError."""
        answer: dict[str, Any] = self._ask(CallQueue(action, dict(payload)))
        return answer

    def url(self, name: str) -> str:
        """What names a queue in `call`."""
        return f"http://127.0.0.1/{ACCOUNT_ID}/{name}"

    def arn(self, name: str) -> str:
        """What names a queue in events."""
        return f"arn:aws:sqs:{self.region}:{ACCOUNT_ID}:{name}"

    def held(self, name: str) -> set[str]:
        """The ids of all messages a queue holds: visible, delayed or in flight. Raises QueueError."""
        return set(self._ask(Held(name)))

    def receive(
        self, name: str, *, most: int, wait: float, wanted: Callable[[], bool] = lambda: True
    ) -> list[dict[str, Any]]:
        """Up to `most` messages with all their attributes, waiting up to `wait` seconds and while `wanted` says so.

        `wake` makes it ask again. Raises QueueError.
        """
        payload = {
            "QueueUrl": self.url(name),
            "MaxNumberOfMessages": most,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        until = time.monotonic() + wait
        while True:
            # Read first: a wake that comes after the question of `wanted` ends the wait at once.
            wakes = self._wakes
            left = until - time.monotonic() if wanted() else 0.0
            answer = self._ask(Receive(payload=payload, wait=max(0.0, left), wakes=wakes))
            messages: list[dict[str, Any]] = answer.get("Messages", [])
            if messages or left <= 0:
                return messages

    def wake(self) -> None:
        """Makes every receiver ask again whether it is still wanted."""
        self._wakes = next(self._numbers)
        with contextlib.suppress(QueueError):  # nobody waits where the local AWS has ended
            self._ask(Wake(self._wakes))

    def _ask(self, asked: Asked) -> Any:
        try:
            return self._link.ask(asked)
        except AwsError as error:
            raise QueueError(str(error)) from error
