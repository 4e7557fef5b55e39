"""Asks the deployer's scanner for verdicts on files, by its queue.

A file is asked about when S3 has stored it. Where that failed, or the scanner has lost it, the sweep asks again. So a
scanner may be asked twice about one file. Its answers come as `scanning` takes them.
"""

from collections.abc import Sequence

import msgspec

from chalicelib.core.aws import queued, sqs
from chalicelib.core.config import settings
from chalicelib.features.uploads import store

_ENTRIES = 10  # as SQS takes in one request
_STEP = 100
_STEPS = 10


class Question(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a scanner is told of a file: where S3 has it, and the queue that takes the verdict."""

    bucket: str
    key: str
    size: int
    content_type: str
    answer_to: str


def ask(upload: store.Upload) -> None:
    """Asks about one file, if there is a scanner to be asked. Raises AwsError."""
    queue = settings().scan_queue_url
    if queue:
        body = queued(_question(upload.key, upload.size, upload.content_type))
        sqs("SendMessage", {"QueueUrl": queue, "MessageBody": body})


def sweep() -> int:
    """Asks again about the files that have waited too long, in bounded steps; answers how many. Raises AwsError."""
    if not settings().scan_queue_url:
        return 0
    total = 0
    for _ in range(_STEPS):
        waiting = store.unscanned(_STEP)
        asked = [upload_id for first in range(0, len(waiting), _ENTRIES) for upload_id in _ask_again(waiting[first:])]
        store.put_off_scans(asked, settings().scan_again_seconds)
        total += len(asked)
        if len(asked) < _STEP:
            break
    return total


def _ask_again(waiting: Sequence[store.Unscanned]) -> list[int]:
    """Asks about as many as one request takes; answers the ids of those that the queue has taken."""
    batch = waiting[:_ENTRIES]
    entries = [
        {"Id": str(file.id), "MessageBody": queued(_question(file.key, file.size, file.content_type))}
        for file in batch
    ]
    answer = sqs("SendMessageBatch", {"QueueUrl": settings().scan_queue_url, "Entries": entries})
    return [int(entry["Id"]) for entry in answer.get("Successful", ())]


def _question(key: str, size: int, content_type: str) -> Question:
    here = settings()
    return Question(
        bucket=here.uploads_bucket, key=key, size=size, content_type=content_type, answer_to=here.presence_queue_url
    )
