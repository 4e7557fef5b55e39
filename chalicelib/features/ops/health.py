"""Which of the parts that requests need answer, and how fast."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec

from chalicelib.core import clock, db
from chalicelib.core.aws import AwsError, Patience, dynamodb, s3_request, sqs
from chalicelib.core.config import Settings, settings
from chalicelib.core.ids import Timestamp
from chalicelib.core.logs import logger

# What a part takes at most, its repetitions included; a dead database may take a second more to be connected to.
PATIENCE_SECONDS = 1.0

State = Annotated[Literal["ok", "failing"], msgspec.Meta(title="PartState")]


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the parts, and how long it took to answer, or to fail."""

    status: State
    ms: Annotated[float, msgspec.Meta(ge=0, description="milliseconds")]


class Health(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`ok` where every part is. The answer is given again for some seconds: `checkedAt` says from when it is."""

    status: Annotated[Literal["ok", "degraded"], msgspec.Meta(title="HealthState")]
    parts: dict[str, Part]
    checked_at: Timestamp

    @property
    def serves(self) -> bool:
        """Whether nothing that matters is failing: without the bucket, all but files works."""
        return all(part.status == "ok" for name, part in self.parts.items() if name != "bucket")


class _Container:
    """The last answer, the settings it was found under, and when."""

    found: tuple[Health, Settings, float] | None = None


def health() -> Health:
    """Asks each part once, unless that was done some seconds ago."""
    now, here, found = clock.now(), settings(), _Container.found
    if found is not None and found[1] is here and 0 <= now - found[2] < here.health_seconds:
        return found[0]
    parts = {name: _asked(name, ask) for name, ask in _PARTS.items()}
    fine = all(part.status == "ok" for part in parts.values())
    answer = Health(status="ok" if fine else "degraded", parts=parts, checked_at=clock.wire(now))
    _Container.found = answer, here, now
    return answer


def _ask_database() -> None:
    db.ping(PATIENCE_SECONDS)


def _ask_live_table() -> None:
    request = {"TableName": settings().live_table, "Key": {"pk": {"S": "health"}}}
    dynamodb("GetItem", request, within=PATIENCE_SECONDS)


def _ask_queue() -> None:
    request = {"QueueUrl": settings().push_queue_url, "AttributeNames": ["QueueArn"]}
    sqs("GetQueueAttributes", request, within=PATIENCE_SECONDS)


def _ask_bucket() -> None:
    """Asks for an object that nobody stores. A function that may list the bucket hears of its absence."""
    answer = s3_request("GET", "uploads/health", patience=Patience(together=PATIENCE_SECONDS))
    said = re.search(rb"<Code>(\w+)</Code>", answer.body)
    if said is None or said[1] != b"NoSuchKey":
        raise AwsError(said[1].decode() if said else f"Http{answer.status}", status=answer.status)


_PARTS: Mapping[str, Callable[[], None]] = {
    "database": _ask_database,
    "liveTable": _ask_live_table,
    "queue": _ask_queue,
    "bucket": _ask_bucket,
}


def _asked(name: str, ask: Callable[[], None]) -> Part:
    started = time.perf_counter()
    state: State = "ok"
    try:
        ask()
    except Exception as failure:  # whatever keeps it from answering, the answer is the same
        # The type alone: its words may name hosts.
        logger().warning("a part does not answer", extra={"part": name, "error": type(failure).__name__})
        state = "failing"
    return Part(status=state, ms=round((time.perf_counter() - started) * 1000, 1))
