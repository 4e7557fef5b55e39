"""What functions ask of AWS, added up in the units in which AWS bills it."""

import contextlib
import io
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

from chalicelib.core import statements, transport
from chalicelib.core.exchanges import Answer, Call, Location
from chalicelib.realtime import gateway
from chalicelib.realtime.outcome import Outcome

# How long a function waits for each, in milliseconds. They are suppositions: nothing has run on AWS yet. AWS promises
# single digits of DynamoDB; a post, SQS and S3 take some tens at worst; the database is in the same network.
WAITS = {"dynamodb": 5.0, "sqs": 10.0, "posts": 15.0, "database": 3.0, "s3": 30.0}


class Ledger:
    """What was asked for since the last `take`.

    Of each function that ran it tells `cpu_ms_NAME`, the processor time of its thread on this machine, and
    `wait_ms_NAME`, by `WAITS`.
    """

    def __init__(self) -> None:
        self._counts: defaultdict[str, float] = defaultdict(float)
        self._waited = 0.0
        self._trips = 0
        self._indexed: set[str] = set()  # the items that the index has

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
        self.add(dynamodb_reads=_reads(operation, payload), dynamodb_writes=self._writes(operation, payload))

    def stored(self, method: str) -> None:
        """A request of S3, which deletes for nothing."""
        self._waited += WAITS["s3"]
        if method != "DELETE":
            self.add(**{"s3_reads" if method in {"GET", "HEAD"} else "s3_writes": 1})

    def posted(self, posts: Sequence[gateway.Post]) -> None:
        """Frames went to connections, side by side."""
        self._waited += WAITS["posts"] if posts else 0
        self.add(gateway_messages=len(posts), bytes_out=sum(len(post.data) for post in posts))

    def _writes(self, operation: str, payload: Mapping[str, Any]) -> float:
        """Units of items below 1 KB: twice as many in a transaction, and more where the index changes."""
        if operation == "TransactWriteItems":
            return sum(2.0 + self._in_index(next(iter(item.values()))) for item in payload["TransactItems"])
        if operation in {"PutItem", "UpdateItem", "DeleteItem"}:
            return 1.0 + self._in_index(payload)
        return 0.0

    def _in_index(self, write: Mapping[str, Any]) -> float:
        """What the index of leases writes: an old entry is deleted, a new one is put."""
        update = write.get("UpdateExpression", "")
        entry = write.get("Key", {}).get("pk", {}).get("S", "")
        deleted = entry in self._indexed and "leaseShard" in update
        put = "leaseShard =" in update
        if deleted:
            self._indexed.remove(entry)
        if put:
            self._indexed.add(entry)
        return float(deleted + put)

    @contextlib.contextmanager
    def invocation(self, function: str) -> Iterator[None]:
        """Counts what a function does."""
        output = io.StringIO()
        self._waited, self._trips = 0.0, 0
        began = time.thread_time()
        with contextlib.redirect_stdout(output):
            yield
        spent = (time.thread_time() - began) * 1000
        lines, trips = output.getvalue().splitlines(), self._trips
        self.add(
            invocations=1,
            database_round_trips=trips,
            log_lines=len(lines),
            log_bytes=len(output.getvalue().encode()),
            **{f"cpu_ms_{function}": spent, f"wait_ms_{function}": self._waited + trips * WAITS["database"]},
        )

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Sees every call, statement and post of this process."""
        exchange, post_all, run = transport.exchange, gateway.post_all, statements.Statements.run

        def exchanged(where: Location, call: Call, patience: float) -> Answer:
            target = call.headers.get("x-amz-target")
            if target is None:
                self.stored(call.method)
            else:
                self.requested(target, json.loads(call.body))
            return exchange(where, call, patience)

        def posted(posts: Sequence[gateway.Post], **more: Any) -> list[Outcome]:
            self.posted(posts)
            return post_all(posts, **more)

        def asked(of: statements.Statements, commands: Sequence[statements.Command]) -> list[Any]:
            self._trips += 1
            return run(of, commands)

        with (
            mock.patch.object(statements.Statements, "run", asked),
            mock.patch.object(transport, "exchange", exchanged),
            mock.patch.object(gateway, "post_all", posted),
        ):
            yield


def _reads(operation: str, payload: Mapping[str, Any]) -> float:
    """Units of items below 4 KB: one a consistent read, half a unit else."""
    match operation:
        case "GetItem":
            return _read(payload)
        case "BatchGetItem":
            return sum(len(of_table["Keys"]) * _read(of_table) for of_table in payload["RequestItems"].values())
        case "Query":
            return _read(payload)  # of a page below 4 KB, also where it finds nothing
    return 0.0


def _read(asked: Mapping[str, Any]) -> float:
    return 1.0 if asked.get("ConsistentRead") else 0.5
