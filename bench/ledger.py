"""What functions ask of AWS, added up in the units in which AWS bills it."""

import contextlib
import io
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

from chalicelib.core import aws, transport
from chalicelib.realtime import gateway
from chalicelib.realtime.outcome import Outcome

# What an item costs that an index has: its old place is deleted, and its new one written.
_INDEX_WRITES = 2
# How long a function waits for each, in milliseconds. They are suppositions: nothing has run on AWS yet. AWS promises
# single digits of DynamoDB; a post and SQS take some tens at worst; the database is in the same network.
WAITS = {"dynamodb": 5.0, "sqs": 10.0, "posts": 15.0, "database": 3.0}


class Ledger:
    """What was asked for since the last `take`.

    Of each function that ran it tells `cpu_ms_NAME`, the processor time of its thread on this machine, and
    `wait_ms_NAME`, by `WAITS`.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[str, float] = defaultdict(float)
        self._waited = 0.0

    def take(self) -> Mapping[str, float]:
        """The counts, which begin anew."""
        taken, self._counts = self._counts, defaultdict(float)
        return taken

    def add(self, **amounts: float) -> None:
        """Counts what is not seen here."""
        for name, amount in amounts.items():
            self._counts[name] += amount

    def requested(self, target: str, payload: Mapping[str, Any]) -> None:
        """A call of DynamoDB or SQS."""
        service, _, operation = target.partition(".")
        if service == "AmazonSQS":
            self._waited += WAITS["sqs"]
            self.add(**{"sqs_fifo" if ".fifo" in payload["QueueUrl"] else "sqs_standard": 1})
            return
        self._waited += WAITS["dynamodb"]
        self.add(dynamodb_reads=_reads(operation, payload), dynamodb_writes=_writes(operation, payload))

    def posted(self, posts: Sequence[gateway.Post]) -> None:
        """Frames went to connections, side by side."""
        self._waited += WAITS["posts"] if posts else 0
        self.add(gateway_messages=len(posts), bytes_out=sum(len(post.data) for post in posts))

    @contextlib.contextmanager
    def invocation(self, function: str) -> Iterator[None]:
        """Counts what a function does. The lines that it writes for CloudWatch tell of the database."""
        output = io.StringIO()
        self._waited = 0.0
        began = time.thread_time()
        with contextlib.redirect_stdout(output):
            yield
        spent = (time.thread_time() - began) * 1000
        lines = output.getvalue().splitlines()
        trips = sum(json.loads(line).get("DatabaseRoundTrips", 0) for line in lines)
        self.add(
            invocations=1,
            database_round_trips=trips,
            log_lines=len(lines),
            log_bytes=len(output.getvalue().encode()),
            **{f"cpu_ms_{function}": spent, f"wait_ms_{function}": self._waited + trips * WAITS["database"]},
        )

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Sees every call and post of this process."""
        exchange, post_all = transport.exchange, gateway.post_all

        def exchanged(where: aws.Location, call: aws.Call, patience: float) -> aws.Answer:
            self.requested(call.headers["x-amz-target"], json.loads(call.body))
            return exchange(where, call, patience)

        def posted(posts: Sequence[gateway.Post], **more: Any) -> list[Outcome]:
            self.posted(posts)
            return post_all(posts, **more)

        with mock.patch.object(transport, "exchange", exchanged), mock.patch.object(gateway, "post_all", posted):
            yield


def _reads(operation: str, payload: Mapping[str, Any]) -> float:
    """Units of items below 4 KB: one a consistent read, half a unit else."""
    match operation:
        case "GetItem":
            return _read(payload)
        case "BatchGetItem":
            return sum(len(of_table["Keys"]) * _read(of_table) for of_table in payload["RequestItems"].values())
    return 0.0


def _read(asked: Mapping[str, Any]) -> float:
    return 1.0 if asked.get("ConsistentRead") else 0.5


def _writes(operation: str, payload: Mapping[str, Any]) -> float:
    """Units of items below 1 KB: twice as many in a transaction, and more where the index moves."""
    if operation == "TransactWriteItems":
        return sum(2.0 + _index(next(iter(item.values()))) for item in payload["TransactItems"])
    return 1.0 + _index(payload) if operation in {"PutItem", "UpdateItem", "DeleteItem"} else 0.0


def _index(write: Mapping[str, Any]) -> float:
    return _INDEX_WRITES if "leaseUntil =" in write.get("UpdateExpression", "") else 0
