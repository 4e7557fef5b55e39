"""Records that a queue is to bring again, after a pause."""

import contextlib
from collections.abc import Mapping
from typing import Any

from chalicelib.core.aws import AwsError, sqs


def tries(record: Mapping[str, Any]) -> int:
    """How often the queue has brought a record, this time among them."""
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))


def put_off(queue_url: str, record: Mapping[str, Any], seconds: int) -> None:
    """Hides a record for so long; where that fails, the queue's own time-out does."""
    values = {"QueueUrl": queue_url, "ReceiptHandle": record["receiptHandle"], "VisibilityTimeout": seconds}
    with contextlib.suppress(AwsError):
        sqs("ChangeMessageVisibility", values)
