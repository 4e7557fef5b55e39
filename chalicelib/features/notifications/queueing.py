"""The queue of the function that sends notifications."""

from collections.abc import Sequence
from itertools import islice

import msgspec

from chalicelib.core import context
from chalicelib.core.aws import AwsError, queued, sqs
from chalicelib.core.config import settings
from chalicelib.features.notifications.payloads import Notification, Told, Urgency

# As many as SQS takes in one call.
_BATCH = 10


class Device(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device that PostgreSQL has chosen, and how its user wants to be notified."""

    device_id: int
    user_id: int
    token: str
    p256dh: str
    auth: str
    badge: int
    previews: bool
    silent: bool


def addressed(device: Device, told: Told, urgency: Urgency, until: int | None = None) -> Notification:
    """What a device is told, as it is queued; of no use after `until`, in seconds."""
    return Notification(
        device_id=device.device_id,
        user_id=device.user_id,
        token=device.token,
        p256dh=device.p256dh,
        auth=device.auth,
        told=told,
        urgency=urgency,
        request_id=context.current().request_id,
        until=until,
    )


def enqueue(notifications: Sequence[Notification]) -> None:
    """Hands them on. Where the queue did not take each, all come again: a device keeps the newest of a chat."""
    waiting = iter(notifications)
    while some := list(islice(waiting, _BATCH)):
        entries = [{"Id": str(number), "MessageBody": queued(each)} for number, each in enumerate(some)]
        answer = sqs("SendMessageBatch", {"QueueUrl": settings().notify_queue_url, "Entries": entries})
        for failed in answer.get("Failed", ()):
            raise AwsError(failed["Code"], "a notification was not queued")
