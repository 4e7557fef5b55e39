"""What a cold start costs above Python's own, function by function: `python -m bench.cold_start`.

Measured in the unpacked zip of a deployment, with its bytecode: without that, all of it is several times as much. The
first event comes on top: it is handled as on AWS, against a real database and over TLS, and what it still has to
import its user waits for as well.
"""

import json
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from bench import meter, package
from bench.meter import Meter
from bench.surroundings import CHAT, HEARER, SENDERS_CONNECTION, Surroundings, socket_event, surroundings
from bench.tables import show, times
from chalicelib.realtime.fanout import Push

# Two at a time is what this machine's counting takes; times would trouble each other.
_TOGETHER = 2

FLOORS = {
    "chalice": "import chalice.app",
    "chalice + psycopg": "import chalice.app, psycopg",
}

_FIRST = """
import json, sys
import app
name, event = json.loads(sys.argv[1])
answer = getattr(app, name)(event, None)
if answer is not None and not 200 <= answer.get("statusCode", 200) < 300 or '"type":"error"' in str(answer):
    sys.exit(f"refused: {answer}")
"""


@dataclass(frozen=True)
class Function:
    """A deployed function: its handler in app.py, what its import may cost in MI, and the floor under it."""

    name: str
    handler: str
    most: int | None
    floor: str


FUNCTIONS = (
    Function("api_handler", "app", 750, "chalice + psycopg"),
    Function("websocket_message", "websocket_message", None, "chalice + psycopg"),
    Function("websocket_connect", "websocket_connect", 350, "chalice"),
    Function("push", "push", 350, "chalice"),
)


def main() -> None:
    """Measures and prints a table."""
    folder = package.make()
    how = meter.find()
    with surroundings() as around, ThreadPoolExecutor(_TOGETHER if how.exact else 1) as workers:
        try:
            _compare(how, workers, folder, around)
        finally:
            workers.shutdown(wait=False, cancel_futures=True)


def _compare(how: Meter, workers: ThreadPoolExecutor, folder: Path, around: Surroundings) -> None:
    events = _events(around)

    def measure(name: str, code: str, argument: object | None = None) -> "Future[float]":
        return workers.submit(_measure, how, folder, around, (name, code, argument))

    start = workers.submit(how.measure, meter.program(folder, "pass"))
    floors = {name: measure(name, code) for name, code in FLOORS.items()}
    imports = [measure(function.name, "import app") for function in FUNCTIONS]
    firsts = [measure(function.name, _FIRST, [function.handler, events[function.name]]) for function in FUNCTIONS]
    base = start.result()
    floor = {name: future.result() - base for name, future in floors.items()}
    rows = [["Python alone", f"{base:.0f}", "", "", "", ""]]
    rows += [[f"floor: {name}", f"{cost:.0f}", "", "", "", ""] for name, cost in floor.items()]
    for function, imported, first in zip(FUNCTIONS, imports, firsts, strict=True):
        cost = imported.result() - base
        # A limit in instructions says nothing of milliseconds.
        bound = function.most if how.unit == "MI" else None
        row = [
            function.name,
            f"{cost:.0f}",
            times(cost, floor[function.floor]),
            f"{bound} MI" if bound else "",
            "" if bound is None else "met" if cost <= bound else "MISSED",
            f"{first.result() - base - cost:.0f}",
        ]
        rows.append(row)
    columns = [f"import, {how.unit}", "to its floor", "at most", "", f"first event on top, {how.unit}"]
    show(f"cold start above Python's own, by {how.name}", columns, rows)


def _measure(how: Meter, folder: Path, around: Surroundings, asked: tuple[str, str, object | None]) -> float:
    name, code, argument = asked
    # As Chalice names functions; the REST API's has the stage's name alone.
    deployed = "messenger-dev" if name == "api_handler" else f"messenger-dev-{name}"
    arguments = () if argument is None else (json.dumps(argument),)
    variables = {"AWS_LAMBDA_FUNCTION_NAME": deployed, **around.variables}
    return how.measure(meter.program(folder, code, *arguments, **variables))


def _events(around: Surroundings) -> dict[str, dict[str, Any]]:
    """A first event for each function, with what it reads of one: a send, a send, a connect, a push of a message."""
    message = {"chatId": CHAT, "content": "hello", "clientMessageId": str(uuid.uuid4())}
    frame = {"action": "message:send", "id": "1", "data": message | {"clientMessageId": str(uuid.uuid4())}}
    pushed = Push(event=msgspec.Raw(b'{"type":"message:new","eventId":"e","data":{}}'), user_ids=[HEARER.user_id])
    return {
        "api_handler": {
            "resource": "/messages",
            "path": "/messages",
            "httpMethod": "POST",
            "headers": {"Authorization": f"Bearer {around.token}", "Content-Type": "application/json"},
            "multiValueQueryStringParameters": None,
            "pathParameters": None,
            "stageVariables": None,
            "requestContext": {
                "httpMethod": "POST",
                "resourcePath": "/messages",
                "identity": {"sourceIp": "127.0.0.1"},
            },
            "body": json.dumps(message),
            "isBase64Encoded": False,
        },
        "websocket_message": socket_event("MESSAGE", SENDERS_CONNECTION) | {"body": json.dumps(frame)},
        "websocket_connect": socket_event("CONNECT", "NEWcOFvHcCIhw=")
        | {"headers": {"Host": "example"}, "queryStringParameters": {"token": around.token}},
        "push": {"Records": [{"messageId": str(uuid.uuid4()), "body": msgspec.json.encode(pushed).decode()}]},
    }


if __name__ == "__main__":
    main()
