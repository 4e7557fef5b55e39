"""What a warm function executes for one event, in instructions: `python -m bench.handlers [PART OF A CASE'S NAME]`.

Each handler runs in the unpacked zip of a deployment, in an interpreter of its own, against a real PostgreSQL and a
server that answers for AWS at once, over TLS (`bench.sink`). It is counted once with a few events and once with many:
the difference, divided, is what one more event costs. Beside them stand psycopg's own statements, counted in the same
way: the least that an event with one statement can cost.
"""

import contextlib
import json
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from bench import meter, package, sink
from bench.data import Loader
from bench.meter import Meter
from bench.sink import make_certificate
from bench.surroundings import CHAT, HEARER, HEARERS_CONNECTION, SENDER, SENDERS_CONNECTION, rest_event, socket_event
from bench.tables import show, times
from chalicelib.core import config, tokens
from chalicelib.core.migrations import migrate
from local import environment
from local.postgres import Postgres

FEW, MANY = 20, 70
# Two at a time is what this machine's counting takes; times would trouble each other.
_TOGETHER = 2
TEXT = "hello, this is a message of an ordinary length"
# A chat of the same two with a page of messages.
READ = CHAT + 1

_HANDLED = """
import json, sys
import app
name, event, count = json.loads(sys.argv[1])
handler = getattr(app, name)
text = json.dumps(event)
for number in range(count):
    answer = handler(json.loads(text.replace("NUMBER", f"{number:06}")), None)
    if answer is not None and not 200 <= answer.get("statusCode", 200) < 300 or '"type":"error"' in str(answer):
        sys.exit(f"refused: {answer}")
"""

_BARE = """
import json, os, sys
import psycopg
statement, values, count = json.loads(sys.argv[1])
connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
for number in range(count):
    rows = connection.execute(statement, values).fetchall()
"""

INSERT, PAGE = "INSERT by psycopg", "SELECT of a page by psycopg"

_INSERT = "INSERT INTO bare (content) VALUES (%s) RETURNING id"
_PAGE = """
SELECT json_agg(page)::text FROM (
    SELECT id, seq, sender_id, content, created_at FROM messages WHERE chat_id = %s ORDER BY seq DESC LIMIT 50
) page
"""


@dataclass(frozen=True)
class Case:
    """Something that is counted: a program, what it is told, and the case whose count is its base."""

    name: str
    base: str
    code: str
    function: str
    told: list[object] = field(default_factory=list)
    variables: Mapping[str, str] = field(default_factory=dict)


def main() -> None:
    """Counts and prints a table."""
    folder = package.make()
    how = meter.find()
    with _surroundings() as (variables, token), ThreadPoolExecutor(_TOGETHER if how.exact else 1) as workers:
        asked = sys.argv[1] if sys.argv[1:] else ""
        cases = [case for case in _cases(token) if asked in case.name or case.name in {INSERT, PAGE}]

        def measure(case: Case, count: int) -> "Future[float]":
            return workers.submit(how.measure, _program(folder, variables, case, count))

        pairs = [(measure(case, FEW), measure(case, MANY)) for case in cases]
        costs = {case.name: _each(how, few, many) for case, (few, many) in zip(cases, pairs, strict=True)}
    unit = "thousand instructions" if how.unit == "MI" else "µs"
    rows = [[case.name, f"{costs[case.name]:,.0f}", times(costs[case.name], costs[case.base])] for case in cases]
    show(f"one more event of a warm function, by {how.name}", [unit, "to psycopg alone"], rows)


def _each(how: Meter, few: "Future[float]", many: "Future[float]") -> float:
    return (many.result() - few.result()) / (MANY - FEW) * 1000


def _program(folder: Path, variables: Mapping[str, str], case: Case, count: int) -> meter.Program:
    told = json.dumps([*case.told, count]).replace("COUNT", f"{case.name}-{count}")
    return meter.program(
        folder, case.code, told, **{**variables, "AWS_LAMBDA_FUNCTION_NAME": case.function, **case.variables}
    )


def _cases(token: str) -> list[Case]:
    message = {"chatId": CHAT, "content": TEXT, "clientMessageId": "COUNT-NUMBER"}
    frame = json.dumps({"action": "message:send", "id": "1", "data": message})
    send = socket_event("MESSAGE", SENDERS_CONNECTION) | {"body": frame}
    socket, rest, push = "messenger-dev-websocket_message", "messenger-dev", "messenger-dev-push"
    inline = {"INLINE_PUBLISH_LIMIT": "20"}
    history = rest_event(token, "GET", "/chats/{chat_id}/messages", {"chat_id": str(READ)})
    posted = rest_event(token, "POST", "/messages", body=json.dumps(message))
    return [
        Case(INSERT, INSERT, _BARE, rest, [_INSERT, [TEXT]]),
        Case("websocket_message: send, by the queue", INSERT, _HANDLED, socket, ["websocket_message", send]),
        Case("websocket_message: send, told inline", INSERT, _HANDLED, socket, ["websocket_message", send], inline),
        Case("api_handler: send, by the queue", INSERT, _HANDLED, rest, ["app", posted]),
        Case("push: a message to two", INSERT, _HANDLED, push, ["push", _batch()]),
        Case(PAGE, PAGE, _BARE, rest, [_PAGE, [READ]]),
        Case("api_handler: page of history", PAGE, _HANDLED, rest, ["app", history]),
    ]


def _batch() -> dict[str, Any]:
    event = {
        "type": "message:new",
        "eventId": "message:NUMBER",
        "ts": "2026-11-20T09:30:00.000Z",
        "chatId": CHAT,
        "seq": 1,
        "data": {"content": TEXT},
    }
    push = {"event": event, "userIds": [SENDER.user_id, HEARER.user_id]}
    return {"Records": [{"messageId": "m-NUMBER", "body": json.dumps(push)}]}


@contextlib.contextmanager
def _surroundings() -> Iterator[tuple[dict[str, str], str]]:
    """The variables of a function that finds all it needs, and an access token of the sender's."""
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        server = opened.enter_context(Postgres.temporary())
        database_url = server.ensure("bench")
        migrate(database_url)
        with psycopg.connect(database_url, autocommit=True) as connection:
            _fill(connection)
        certificate = make_certificate(folder / "sink.pem")
        port = opened.enter_context(sink.running(certificate, _answers()))
        settings = config.Settings(
            access_key_id="AKIDEXAMPLE",
            secret_access_key="secret" * 6,
            session_token="token" * 100,
            aws_endpoint_url=f"https://127.0.0.1:{port}",
            ca_file=str(certificate),
            database_url=database_url,
            jwt_secret="a secret for benchmarks, long enough for HS256",
            # The limits are in force as they are in production, and never reached.
            sends_socket=1_000_000,
            sends_http=1_000_000,
            # Counting takes minutes.
            access_token_seconds=24 * 60 * 60,
        )
        config.use(settings)
        yield environment.variables_of(settings), tokens.issue(SENDER, "access")[0]


def _answers() -> dict[str, str]:
    """What DynamoDB and SQS say: both users have a connection."""
    expires = {"N": str(int(time.time()) + 3600)}
    described = {"endpoint": {"S": "https://127.0.0.1:PORT/api"}, "sessionId": {"N": "1"}, "since": {"N": "1"}}
    users = [
        {"pk": {"S": f"user#{actor.user_id}"}, f"c#{name}": {"M": described}, "leaseUntil": expires}
        for actor, name in ((SENDER, SENDERS_CONNECTION), (HEARER, HEARERS_CONNECTION))
    ]
    owner = {"pk": {"S": f"conn#{SENDERS_CONNECTION}"}, "userId": {"N": "1"}, "expiresAt": expires, **described}
    answers = {
        "GetItem": {"Item": owner},
        "BatchGetItem": {"Responses": {config.Settings().live_table: users}, "UnprocessedKeys": {}},
        "UpdateItem": {},
        "SendMessage": {"MessageId": str(uuid.uuid4()), "MD5OfMessageBody": "0" * 32, "SequenceNumber": "1" * 20},
    }
    return {operation: json.dumps(answer) for operation, answer in answers.items()}


def _fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, content text)")
    both = [SENDER.user_id, HEARER.user_id]
    loader = Loader(connection)
    loader.people(min(both), max(both))
    loader.groups(CHAT, READ)
    loader.members(CHAT, READ, user_ids=both)
    loader.messages(READ, READ, seqs=range(1, 201), sender_id=HEARER.user_id)
    loader.finish()


if __name__ == "__main__":
    main()
