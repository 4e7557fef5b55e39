"""The queue of the function that sends notifications."""

from collections.abc import Sequence
from itertools import islice

from chalicelib.core.aws import AwsError, queued, sqs
from chalicelib.core.config import settings
from chalicelib.features.notifications.payloads import Notification

# As many as SQS takes in one call.
_BATCH = 10


def enqueue(notifications: Sequence[Notification]) -> None:
    """Hands them on. Where the queue did not take each, all come again: a device keeps the newest of a chat."""
    waiting = iter(notifications)
    while some := list(islice(waiting, _BATCH)):
        entries = [{"Id": str(number), "MessageBody": queued(each)} for number, each in enumerate(some)]
        answer = sqs("SendMessageBatch", {"QueueUrl": settings().notify_queue_url, "Entries": entries})
        for failed in answer.get("Failed", ()):
            raise AwsError(failed["Code"], "a notification was not queued")
