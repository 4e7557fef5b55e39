"""`GET /admin/metrics`: how much there is, and what waits, as PostgreSQL and the queue say it at this moment.

Nothing is counted by reading tables through: large ones are PostgreSQL's own estimate, and counters are those that it
keeps anyway. Deliveries and their errors are metrics in CloudWatch alone (core/metrics.py).
"""

from typing import Annotated, LiteralString

import msgspec
from msgspec import Meta

from chalicelib.core import db
from chalicelib.core.aws import AwsError, sqs
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.ids import Timestamp

# The queue is not waited for longer: without its answer the other numbers are told.
_PATIENCE_SECONDS = 1.0

Estimate = Annotated[int, Meta(ge=0, description="PostgreSQL's estimate, some percent and some minutes off")]
Count = Annotated[int, Meta(ge=0)]
Age = Annotated[float, Meta(ge=0)]


class UserNumbers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many users there are, and how many of them are something else."""

    registered: Estimate
    added: Annotated[Count, Meta(description="since `countedSince`")]
    moderators: Count
    admins: Count
    muted: Count
    banned: Count
    leaving: Count


class MessageNumbers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many messages there are."""

    stored: Estimate
    added: Annotated[Count, Meta(description="since `countedSince`")]


class DatabaseNumbers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What PostgreSQL counts of its own work, since `countedSince`."""

    bytes: Annotated[Count, Meta(description="what the database takes on disk")]
    connections: Count
    committed: Annotated[Count, Meta(description="transactions that did what they were to do")]
    rolled_back: Annotated[Count, Meta(description="transactions that were refused or failed")]
    deadlocks: Count


class Waiting(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much waits for somebody or something."""

    count: Count
    oldest_seconds: Annotated[
        Age | None, Meta(description="for how long the oldest has waited; null where none waits")
    ]


class QueueNumbers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Deliveries that are left to the queue; SQS says roughly how many."""

    waiting: Count
    in_flight: Count


class Numbers(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How much there is, and what waits."""

    at: Annotated[Timestamp, Meta(description="from when the numbers are")]
    counted_since: Annotated[
        Timestamp | None, Meta(description="since when PostgreSQL counts; null for its beginning")
    ]
    users: UserNumbers
    messages: MessageNumbers
    database: DatabaseNumbers
    reports: Annotated[Waiting, Meta(description="reports that are not decided")]
    scheduled: Annotated[Waiting, Meta(description="messages that should have been sent by now")]
    indexing: Annotated[Waiting, Meta(description="messages that the search does not find yet; 1,000 at most")]
    exports: Annotated[Waiting, Meta(description="archives that are being made")]
    audit: Annotated[
        Waiting, Meta(description="rows of the audit trail that are not in the chain yet; 1,000 at most")
    ]
    deliveries: Annotated[QueueNumbers | None, Meta(description="null where the queue did not answer in a second")]


class _Row(msgspec.Struct, frozen=True):
    numbers: str


_NUMBERS: LiteralString = "SELECT service_numbers()::text AS numbers"


def numbers(actor: Actor) -> Numbers:
    """The numbers of this moment."""
    row = db.the(_Row, _NUMBERS, {}, actor=actor)
    told = msgspec.json.decode(row.numbers) | {"deliveries": _queue()}
    return msgspec.convert(told, type=Numbers)


def _queue() -> dict[str, int] | None:
    names = {"waiting": "ApproximateNumberOfMessages", "inFlight": "ApproximateNumberOfMessagesNotVisible"}
    request = {"QueueUrl": settings().push_queue_url, "AttributeNames": list(names.values())}
    try:
        found = sqs("GetQueueAttributes", request, within=_PATIENCE_SECONDS)["Attributes"]
    except AwsError:
        return None
    return {name: int(found[attribute]) for name, attribute in names.items()}
