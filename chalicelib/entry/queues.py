"""What comes from queues. Records succeed and fail one by one, so that one bad record costs the others nothing."""

from collections.abc import Callable
from typing import Any

import msgspec

from chalicelib.core import context
from chalicelib.core.logs import logger
from chalicelib.features.presence import service as presence
from chalicelib.realtime.fanout import Push
from chalicelib.realtime.publish import deliver


class PresenceCheck(msgspec.Struct, frozen=True, rename="camel"):
    """A user whose presence may have changed."""

    user_id: int


def push(event: dict[str, Any]) -> dict[str, Any]:
    """The pusher: a batch of pushes goes out at once. Where that fails, all of them come again, in order."""
    records = event["Records"]
    pushes = []
    for record in records:
        try:
            pushes.append(msgspec.json.decode(record["body"], type=Push))
        except msgspec.DecodeError:
            # It will never be readable: dropped, so that it does not hold up its chat.
            logger().error("unreadable push", extra={"message_id": record["messageId"]})
    with context.begin(records[0]["messageId"]):
        deliver(pushes)
    return {"batchItemFailures": []}


def presence_changed(event: dict[str, Any]) -> dict[str, Any]:
    """Looks at the presence of each user in a batch."""
    return _each(event, lambda body: presence.settle(msgspec.json.decode(body, type=PresenceCheck).user_id))


def _each(event: dict[str, Any], handle: Callable[[str], None]) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        with context.begin(record["messageId"]) as current:
            try:
                handle(record["body"])
                current.committed()
            except Exception:  # the queue brings it again, and in the end to the dead letters
                logger().exception("queue record failed", extra={"message_id": record["messageId"]})
                failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
