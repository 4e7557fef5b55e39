"""What one action asks of AWS, counted: `python -m bench.counts`, which writes `infra/counts.json`.

The deployed handlers are called as Lambda calls them, against a real PostgreSQL and the local AWS, and this module
plays the queues' event source: what they ask of DynamoDB, SQS and API Gateway is counted as AWS bills it. It is done
twice, with posts made inline and by the queue. The counts are the same wherever they are made, and a test holds the
file to them. Milliseconds are of the machine that counted, and of `bench.ledger.WAITS`.
"""

import contextlib
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from unittest import mock

import msgspec
import psycopg

import app
from bench import sharing
from bench.data import Loader
from bench.ledger import WAITS, Ledger
from bench.pictures import photograph
from bench.surroundings import (
    CHAT,
    HEARER,
    HEARERS_CONNECTION,
    SENDER,
    SENDERS_CONNECTION,
    rest_event,
    socket_event,
    surroundings,
)
from chalicelib.core import aws, config, tokens, transport
from chalicelib.core.context import Actor
from chalicelib.entry.ways import ONE_WAY_ROUTE
from chalicelib.features.ops import cleanup
from chalicelib.realtime import connections, gateway
from chalicelib.realtime.connections import Connection
from local.compression import encode
from local.events import ACCOUNT_ID
from local.trigger_events import schedule_event, sqs_event

FILE = Path(__file__).parent.parent / "infra" / "counts.json"
CONFIG = Path(__file__).parent.parent / ".chalice" / "config.json"
TIMES = 7
TEXT = "hello, this is a message of an ordinary length"
# How events go out, by the setting that decides it.
WAYS = {"inline": 20, "queue": 0}
PAIR, TEN = 2, 10
# A group of ten users, the two of CHAT among them.
GROUP = CHAT + 1
# A chat of the two with a page of messages.
READ = GROUP + 1

Counts = dict[str, float]


@dataclass(frozen=True)
class Action:
    """Something that is counted, and what has to be so before it."""

    act: Callable[[], None]
    prepare: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Counted:
    """By way and action: what it costs in a chat of two, and what each hearer beyond these adds."""

    actions: dict[str, dict[str, Counts]]
    another_hearer: dict[str, dict[str, Counts]]


def measure() -> Counted:
    """Counts everything, both ways."""
    with _counting() as ledger:
        conversation = _Conversation(ledger)
        actions = {}
        more = {}
        for way, limit in WAYS.items():
            _set(inline_publish_limit=limit)
            conversation.connect_hearer()
            in_ten = {name: _measured(ledger, each) for name, each in conversation.talk(GROUP).items()}
            actions[way] = {name: _measured(ledger, each) for name, each in conversation.actions().items()}
            more[way] = {name: _difference(actions[way][name], counts) for name, counts in in_ten.items()}
        return Counted(actions, more)


def main() -> int:
    """Writes the file."""
    found = measure()
    about = {"counted": time.strftime("%Y-%m-%d"), "command": "python -m bench.counts", "waits_ms": WAITS}
    FILE.write_text(json.dumps({**about, **vars(found)}, indent=2) + "\n")
    print(f"written to {FILE}")
    return 0


def _set(**changes: Any) -> None:
    config.use(msgspec.structs.replace(config.settings(), **changes))


@contextlib.contextmanager
def _counting() -> Iterator[Ledger]:
    ledger = Ledger()
    with surroundings():
        # A container asks for indexing once in some seconds, whatever it sends: that is no cost of a send.
        _set(function_name="messenger-counted", presence_debounce_seconds=0, index_seconds=0)
        with ledger.watching():
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
    names = sorted(set().union(*rounds))
    return _rounded({name: statistics.median(counts.get(name, 0.0) for counts in rounds) for name in names})


def _sent(body: bytes) -> int:
    """How much of a body leaves AWS: clients accept gzip."""
    least = json.loads(CONFIG.read_text())["minimum_compression_size"]
    return len(encode(body)) if len(body) >= least else len(body)


def _difference(in_two: Counts, in_ten: Counts) -> Counts:
    """What one hearer more costs."""
    return _rounded({name: (amount - in_two.get(name, 0.0)) / (TEN - PAIR) for name, amount in in_ten.items()})


def _rounded(amounts: Counts) -> Counts:
    """Without what is nothing: what came in one round alone is of another action."""
    return {name: round(amount, 2) for name, amount in amounts.items() if round(amount, 2)}


class _Conversation:
    """Users of a chat of two and of a group of ten, each with a connection, and what they do."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbers = itertools.count(1)
        self._cursor = ""
        self._endpoint = connections.alive([SENDER.user_id])[0].endpoint
        self._hands = sharing.Hands(ledger, self._frame, self._rest, self._invoke, self._settle)
        self._photograph, self._voice = photograph(), sharing.voice()
        self._fill_group()
        self._sql("INSERT INTO contacts (owner_id, user_id) VALUES (1, 2), (2, 1)")

    def actions(self) -> dict[str, Action]:
        """By name: each with all that follows from it, until the queues are empty."""
        return {
            **self.talk(CHAT),
            "heartbeat": Action(lambda: self._frame(SENDERS_CONNECTION, "ping", {})),
            # What a frame costs beside, where the lease of its connection is to be renewed.
            "renewal": Action(self._renew),
            "sync": Action(self._sync, prepare=self._miss_one),
            "call": Action(lambda: sharing.call(self._hands), prepare=self._allow),
            # A device comes and goes, and who knows its user is told both times.
            "session": Action(self._come_and_go, prepare=self._leave),
            "request": Action(self._read_history),
            # With who looks at it; the message that carries it is a send.
            "picture": Action(lambda: self._share(self._photograph, "image/jpeg"), prepare=self._allow),
            "voice": Action(lambda: self._share(self._voice, "audio/ogg"), prepare=self._allow),
            # Once a minute, where there is nothing to do.
            "sweep": Action(self._sweep),
        }

    def talk(self, chat: int) -> dict[str, Action]:
        """What members hear of."""
        about = {"chatId": chat}
        return {
            "send": Action(lambda: self._send(chat)),
            # Whoever answers has read what is answered, and the others are told so.
            "reply": Action(lambda: self._send(chat, by=HEARERS_CONNECTION), prepare=lambda: self._send(chat)),
            "read": Action(
                lambda: self._tell(HEARERS_CONNECTION, "messages:read", about), prepare=lambda: self._send(chat)
            ),
            "typing": Action(lambda: self._tell(SENDERS_CONNECTION, "typing:start", about), prepare=self._allow),
        }

    def connect_hearer(self) -> None:
        """The hearer's device, which sessions have left gone."""
        self._connect(HEARER.user_id, HEARERS_CONNECTION)

    def _connect(self, user_id: int, name: str) -> None:
        connection = Connection(id=name, endpoint=self._endpoint, user_id=user_id, session_id=user_id)
        connections.register(connection, ticket_id=None)

    def _fill_group(self) -> None:
        others = range(HEARER.user_id + 1, TEN + 1)
        with psycopg.connect(config.settings().database_url, autocommit=True) as connection:
            loader = Loader(connection)
            loader.people(others[0], others[-1])
            loader.groups(GROUP, GROUP)
            loader.members(GROUP, GROUP, user_ids=list(range(1, TEN + 1)))
            loader.groups(READ, READ)
            loader.members(READ, READ, user_ids=[SENDER.user_id, HEARER.user_id])
            loader.messages(READ, READ, seqs=range(1, 51), sender_id=SENDER.user_id)
            loader.finish()
        for user in others:
            self._connect(user, f"MEMBER{user:02}cOFvHcCIhw=")

    def _send(self, chat: int, *, by: str = SENDERS_CONNECTION) -> None:
        message = {"chatId": chat, "content": TEXT, "clientMessageId": f"counted-{next(self._numbers):06}"}
        self._frame(by, "message:send", message)

    def _renew(self) -> None:
        connections._renewed.clear()
        connections.renew(connections.alive([SENDER.user_id])[0])
        # Finding out whose it is was no part of it.
        self._ledger.add(dynamodb_reads=-1)

    def _miss_one(self) -> None:
        """The hearer has synced, and is sent a message since."""
        self._sync()
        self._send(CHAT)

    def _sync(self) -> None:
        # As the client library begins a session: hello comes with it.
        asked = {"hello": True, **({"cursor": self._cursor} if self._cursor else {})}
        answer = self._frame(HEARERS_CONNECTION, "sync", asked)
        self._cursor = answer["nextCursor"]

    def _leave(self) -> None:
        connections.release(HEARERS_CONNECTION)
        self._sql("UPDATE users SET is_online = false, told_status = 'offline' WHERE id = 2")

    def _come_and_go(self) -> None:
        event = socket_event("CONNECT", HEARERS_CONNECTION)
        token, _ = tokens.issue(HEARER, "access")
        self._invoke(
            "websocket_connect", {**event, "headers": {}, "queryStringParameters": {"token": token, "hello": "ask"}}
        )
        self._settle()
        self._invoke("websocket_disconnect", socket_event("DISCONNECT", HEARERS_CONNECTION))
        self._settle()

    def _sweep(self) -> None:
        with mock.patch.object(cleanup, "clean", return_value=0):  # in one minute of each hour
            self._invoke("sweep", schedule_event("sweep", config.settings().region))

    def _read_history(self) -> None:
        self._rest(HEARER, "GET", "/chats/{chat_id}/messages", {"chat_id": str(READ)}, None)

    def _share(self, content: bytes, kind: str) -> None:
        sharing.share(self._hands, content, kind)

    def _allow(self) -> None:
        self._sql("DELETE FROM allowances")

    def _rest(self, by: Actor, method: str, resource: str, path: dict[str, str], body: Any) -> Any:
        token, _ = tokens.issue(by, "access")
        asked = rest_event(token, method, resource, path, body="" if body is None else json.dumps(body))
        answer = self._invoke("app", asked, named="api_handler")
        if answer["statusCode"] not in {200, 201}:
            raise RuntimeError(f"{resource} was refused: {answer['body']}")
        self._ledger.add(rest_requests=1, bytes_out=_sent(answer["body"].encode()))
        self._settle()
        return json.loads(answer["body"])

    def _frame(self, connection_id: str, action: str, data: Mapping[str, Any]) -> Any:
        """Has a frame answered, and answers what its ack carries."""
        # As the client library does it.
        body = json.dumps({"action": action, "id": "1", "data": data, "reply": "ack"})
        answer = self._invoke("websocket_message", socket_event("MESSAGE", connection_id) | {"body": body})
        if '"type":"ack"' not in answer["body"]:
            raise RuntimeError(f"{action} was refused: {answer['body']}")
        # The frame, and its ack.
        self._ledger.add(gateway_messages=2, bytes_out=len(answer["body"].encode()))
        self._settle()
        return json.loads(answer["body"])["data"]

    def _tell(self, connection_id: str, action: str, data: Mapping[str, Any]) -> None:
        """Has a frame handled that wants no ack, as the client library sends it."""
        body = json.dumps({"action": action, "id": "1", "data": data, "reply": ONE_WAY_ROUTE})
        answer = self._invoke(
            "websocket_message", socket_event("MESSAGE", connection_id, route=ONE_WAY_ROUTE) | {"body": body}
        )
        if "body" in answer:
            raise RuntimeError(f"{action} was answered: {answer['body']}")
        self._ledger.add(gateway_messages=1)
        self._settle()

    def _invoke(self, function: str, event: Mapping[str, Any], *, named: str | None = None) -> Any:
        with self._ledger.invocation(named or function):
            return getattr(app, function)(event, None)

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
            self._ledger.add(**{"sqs_fifo" if ".fifo" in url else "sqs_standard": -1})
            return False
        arn = f"arn:aws:sqs:{config.settings().region}:{ACCOUNT_ID}:{url.rpartition('/')[2]}"
        self._invoke(function, sqs_event(messages, arn))
        aws.sqs("DeleteMessage", {"QueueUrl": url, "ReceiptHandle": messages[0]["ReceiptHandle"]})
        return True

    def _sql(self, statement: LiteralString) -> None:
        with psycopg.connect(config.settings().database_url, autocommit=True) as connection:
            connection.execute(statement)


if __name__ == "__main__":
    sys.exit(main())
