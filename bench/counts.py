"""What one action asks of AWS, counted: `python -m bench.counts`, which writes `infra/counts.json`.

The deployed handlers are called as Lambda calls them, against a real PostgreSQL and the local AWS, and this module
plays the queues' event source: what they ask of DynamoDB, SQS and API Gateway is counted as AWS bills it. The counts
are the same wherever they are made, and a test holds the file to them. Milliseconds are of the machine that counted:
the local AWS is slower than AWS, and the processor is shared.
"""

import contextlib
import io
import itertools
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from unittest import mock

import msgspec
import psycopg

import app
from bench.surroundings import (
    CHAT,
    HEARER,
    HEARERS_CONNECTION,
    SENDERS_CONNECTION,
    rest_event,
    socket_event,
    surroundings,
)
from chalicelib.core import aws, config, tokens, transport
from chalicelib.realtime import connections, gateway
from chalicelib.realtime.outcome import Outcome
from local.events import ACCOUNT_ID
from local.trigger_events import sqs_event

FILE = Path(__file__).parent.parent / "infra" / "counts.json"
TIMES = 15
TEXT = "hello, this is a message of an ordinary length"
# What an item costs that an index has: its old place is deleted, and its new one written.
_INDEX_WRITES = 2

Counts = dict[str, float]


class Ledger:
    """What was asked for since the last `take`, in the units in which AWS bills it."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, float] = defaultdict(float)
        self.milliseconds: dict[str, float] = {}

    def take(self) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """The counts, which begin anew."""
        taken = self.counts, self.milliseconds
        self.counts, self.milliseconds = defaultdict(float), {}
        return taken

    def requested(self, target: str, payload: Mapping[str, Any]) -> None:
        """A call of DynamoDB or SQS."""
        service, _, operation = target.partition(".")
        if service == "AmazonSQS":
            self.counts["sqs_fifo" if ".fifo" in payload["QueueUrl"] else "sqs_standard"] += 1
            return
        self.counts["dynamodb_reads"] += _reads(operation, payload)
        self.counts["dynamodb_writes"] += _writes(operation, payload)

    def posted(self, posts: Sequence[gateway.Post]) -> None:
        """Frames went to connections."""
        self.counts["gateway_messages"] += len(posts)
        self.counts["bytes_out"] += sum(len(post.data) for post in posts)

    def written(self, output: str) -> None:
        """Lines for CloudWatch; the metrics among them tell of the database."""
        self.counts["log_bytes"] += len(output.encode())
        for line in output.splitlines():
            self.counts["database_round_trips"] += json.loads(line).get("DatabaseRoundTrips", 0)


@dataclass(frozen=True)
class Action:
    """Something that is counted, and what has to be so before it."""

    act: Callable[[], None]
    prepare: Callable[[], None] = lambda: None


def measure() -> dict[str, Counts]:
    """The counts of each action, and `ms_<function>` for each function that it ran."""
    with _counting() as ledger:
        conversation = _Conversation(ledger)
        return {name: _measured(ledger, action) for name, action in conversation.actions().items()}


def main() -> int:
    """Writes the file."""
    found = {"counted": time.strftime("%Y-%m-%d"), "command": "python -m bench.counts", "actions": measure()}
    FILE.write_text(json.dumps(found, indent=2) + "\n")
    print(f"written to {FILE}")
    return 0


@contextlib.contextmanager
def _counting() -> Iterator[Ledger]:
    ledger = Ledger()
    exchange, post_all = transport.exchange, gateway.post_all

    def exchanged(where: aws.Location, call: aws.Call, patience: float) -> aws.Answer:
        ledger.requested(call.headers["x-amz-target"], json.loads(call.body))
        return exchange(where, call, patience)

    def posted(posts: Sequence[gateway.Post], **more: Any) -> list[Outcome]:
        ledger.posted(posts)
        return post_all(posts, **more)

    with surroundings():
        config.use(
            msgspec.structs.replace(
                config.settings(),
                function_name="messenger-counted",
                presence_debounce_seconds=0,
                # A container asks for indexing once in some seconds, whatever it sends: that is no cost of a send.
                index_seconds=0,
            )
        )
        with mock.patch.object(transport, "exchange", exchanged), mock.patch.object(gateway, "post_all", posted):
            try:
                yield ledger
            finally:
                gateway.close_sockets()
                transport.close_connections()


def _measured(ledger: Ledger, action: Action) -> Counts:
    """The counts of one, the same each time but for digits in what is written, and the usual times."""
    rounds = []
    for _ in range(TIMES):
        action.prepare()
        # Containers come and go: each frame meets one that does not know its connection.
        connections._known.clear()
        ledger.take()
        action.act()
        rounds.append(ledger.take())
    counted = {
        name: round(statistics.median(counts.get(name, 0.0) for counts, _ in rounds), 1)
        for name in sorted(set().union(*(counts for counts, _ in rounds)))
    }
    functions = sorted(set().union(*(times for _, times in rounds)))
    times = {f"ms_{name}": statistics.median(times.get(name, 0.0) for _, times in rounds) for name in functions}
    return counted | {name: round(value, 1) for name, value in times.items()}


class _Conversation:
    """Two users of one chat, each with a connection, and what they do."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbers = itertools.count(1)
        self._cursor = ""
        self._sql("INSERT INTO contacts (owner_id, user_id) VALUES (1, 2), (2, 1)")

    def actions(self) -> dict[str, Action]:
        """By name: each with all that follows from it, until the queues are empty."""
        return {
            "send": Action(self._send),
            "read": Action(self._read, prepare=self._send),
            "typing": Action(self._type, prepare=lambda: self._sql("DELETE FROM allowances")),
            "heartbeat": Action(self._beat),
            "sync": Action(self._sync, prepare=self._miss_one),
            # A device comes and goes, and who knows its user is told both times.
            "session": Action(self._come_and_go, prepare=self._leave),
            "request": Action(self._read_history),
        }

    def _send(self) -> None:
        message = {"chatId": CHAT, "content": TEXT, "clientMessageId": f"counted-{next(self._numbers):06}"}
        self._frame(SENDERS_CONNECTION, "message:send", message)

    def _read(self) -> None:
        self._frame(HEARERS_CONNECTION, "messages:read", {"chatId": CHAT})

    def _type(self) -> None:
        self._frame(SENDERS_CONNECTION, "typing:start", {"chatId": CHAT})

    def _beat(self) -> None:
        before = config.settings()
        config.use(msgspec.structs.replace(before, heartbeat_seconds=0))
        self._frame(SENDERS_CONNECTION, "ping", {})
        config.use(before)

    def _miss_one(self) -> None:
        """The hearer has synced, and is sent a message since."""
        self._sync()
        self._send()

    def _sync(self) -> None:
        answer = self._frame(HEARERS_CONNECTION, "sync", {"cursor": self._cursor} if self._cursor else {})
        self._cursor = answer["nextCursor"]

    def _leave(self) -> None:
        connections.release(HEARERS_CONNECTION)
        self._sql("UPDATE users SET is_online = false, told_status = 'offline' WHERE id = 2")

    def _come_and_go(self) -> None:
        event = socket_event("CONNECT", HEARERS_CONNECTION)
        token, _ = tokens.issue(HEARER, "access")
        self._invoke("websocket_connect", {**event, "headers": {}, "queryStringParameters": {"token": token}})
        self._settle()
        self._invoke("websocket_disconnect", socket_event("DISCONNECT", HEARERS_CONNECTION))
        self._settle()

    def _read_history(self) -> None:
        token, _ = tokens.issue(HEARER, "access")
        answer = self._invoke(
            "app", rest_event(token, "GET", "/chats/{chat_id}/messages", {"chat_id": str(CHAT)}), named="api_handler"
        )
        if answer["statusCode"] != 200:
            raise RuntimeError(f"the history was refused: {answer['body']}")
        self._ledger.counts["rest_requests"] += 1
        self._ledger.counts["bytes_out"] += len(answer["body"].encode())

    def _frame(self, connection_id: str, action: str, data: Mapping[str, Any]) -> Any:
        """Has a frame answered, and answers what its ack carries."""
        body = json.dumps({"action": action, "id": "1", "data": data})
        answer = self._invoke("websocket_message", socket_event("MESSAGE", connection_id) | {"body": body})
        if '"type":"ack"' not in answer["body"]:
            raise RuntimeError(f"{action} was refused: {answer['body']}")
        # The frame, and its ack.
        self._ledger.counts["gateway_messages"] += 2
        self._ledger.counts["bytes_out"] += len(answer["body"].encode())
        self._settle()
        return json.loads(answer["body"])["data"]

    def _invoke(self, function: str, event: Mapping[str, Any], *, named: str | None = None) -> Any:
        output = io.StringIO()
        began = time.perf_counter()
        with contextlib.redirect_stdout(output):
            answer = getattr(app, function)(event, None)
        took = (time.perf_counter() - began) * 1000
        times = self._ledger.milliseconds
        times[named or function] = times.get(named or function, 0.0) + took
        self._ledger.counts["invocations"] += 1
        self._ledger.written(output.getvalue())
        return answer

    def _settle(self) -> None:
        """Plays the event sources, a batch a message, until nothing is left."""
        here = config.settings()
        sources = (("push", here.push_queue_url), ("presence_changed", here.presence_queue_url))
        while sum(self._carry(function, url) for function, url in sources):
            pass

    def _carry(self, function: str, url: str) -> bool:
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 1, "AttributeNames": ["All"]}
        messages = aws.sqs("ReceiveMessage", asked).get("Messages", [])
        if not messages:
            # Lambda's own polling of an empty queue is not of any action.
            self._ledger.counts["sqs_fifo" if ".fifo" in url else "sqs_standard"] -= 1
            return False
        arn = f"arn:aws:sqs:{config.settings().region}:{ACCOUNT_ID}:{url.rpartition('/')[2]}"
        self._invoke(function, sqs_event(messages, arn))
        aws.sqs("DeleteMessage", {"QueueUrl": url, "ReceiptHandle": messages[0]["ReceiptHandle"]})
        return True

    def _sql(self, statement: LiteralString) -> None:
        with psycopg.connect(config.settings().database_url, autocommit=True) as connection:
            connection.execute(statement)


def _reads(operation: str, payload: Mapping[str, Any]) -> float:
    """Units of items below 4 KB: one a consistent read, half a unit else."""
    match operation:
        case "GetItem":
            return 1.0 if payload.get("ConsistentRead") else 0.5
        case "BatchGetItem":
            return float(sum(len(of_table["Keys"]) for of_table in payload["RequestItems"].values()))
    return 0.0


def _writes(operation: str, payload: Mapping[str, Any]) -> float:
    """Units of items below 1 KB: twice as many in a transaction, and more where the index moves."""
    if operation == "TransactWriteItems":
        return sum(2.0 + _index(next(iter(item.values()))) for item in payload["TransactItems"])
    return 1.0 + _index(payload) if operation in {"PutItem", "UpdateItem", "DeleteItem"} else 0.0


def _index(write: Mapping[str, Any]) -> float:
    return _INDEX_WRITES if "leaseUntil =" in write.get("UpdateExpression", "") else 0


if __name__ == "__main__":
    sys.exit(main())
