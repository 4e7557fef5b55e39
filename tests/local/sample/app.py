"""A Chalice app for the gateway's tests: its handlers record their events, and do what a test asks of them."""

import contextlib
import ctypes
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from chalice.app import Chalice, CORSConfig, Request, Response

from tests.support.oracle import Asking


@dataclass
class Record:
    """What handlers saw, and what tests put in their way: in the test's process, which containers ask for it."""

    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    connect_answer: Callable[[dict[str, Any]], Any] = lambda _: None

    def reset(self) -> None:
        self.events, self.finished, self.connect_answer = {}, [], lambda _: None

    def note(self, name: str, event: Any) -> None:
        self.events.setdefault(name, []).append(event)

    def finish(self, what: str) -> None:
        self.finished.append(what)

    def answer_connect(self, event: dict[str, Any]) -> Any:
        return self.connect_answer(event)


record = Record()
served = itertools.count(1)


def report_to(address: str) -> None:
    """Has a container report to the test."""
    globals()["record"] = Asking(address)


def served_here() -> int:
    """How many invocations this container has had."""
    return next(served)


class SampleApp(Chalice):
    """Gives some answers that Chalice itself never would."""

    def __call__(self, event: Any, context: Any) -> Any:
        record.note("api_handler", event)
        if event["resource"] == "/raw":
            return unusual(json.loads(event["body"]))
        return super().__call__(event, context)


def unusual(wish: dict[str, Any]) -> Any:
    if "raise" in wish:
        raise ValueError(wish["raise"])
    if "exit" in wish:
        raise SystemExit(wish["exit"])
    if "unserializable" in wish:
        return {"statusCode": 200, "body": {1, 2}}
    if "surrogate" in wish:
        return {"statusCode": 200, "body": "\ud800"}
    if "big" in wish:
        return {"statusCode": 200, "body": "x" * wish["big"]}
    return wish["answer"]


app = SampleApp("sample")
app.api.binary_types = ["application/octet-stream", "image/png", "image/*"]

CORS = CORSConfig(allow_origin="https://chat.example", allow_headers=["X-Extra"], max_age=600, allow_credentials=True)


def current() -> Request:
    assert app.current_request is not None
    return app.current_request


@app.route("/")
def root() -> Any:
    return {"resource": "root"}


@app.route("/health")
def health() -> Any:
    return {"status": "ok", "served": served_here()}


@app.route("/items/{item_id}", methods=["GET", "PUT", "DELETE"], cors=CORS)
def item(item_id: str) -> Any:
    request = current()
    return {"id": item_id, "method": request.method, "query": request.to_dict()["query_params"]}


@app.route("/items/newest")
def newest() -> Any:
    return {"id": "the newest"}


@app.route("/items/{item_id}/parts/{part_id}")
def part(item_id: str, part_id: str) -> Any:
    return {"id": item_id, "part": part_id}


@app.route("/echo", methods=["POST"], content_types=["application/json", "text/plain", "application/octet-stream"])
def echo() -> Any:
    return {"length": len(current().raw_body)}


@app.route("/slow/{milliseconds}")
def slow(milliseconds: str) -> Any:
    request_id = current().context["requestId"]
    time.sleep(int(milliseconds) / 1000)
    record.finish(request_id)
    return {"same": current().context["requestId"] == request_id}


@app.route("/picture")
def picture() -> Any:
    return Response(b"\x89PNG\r\n", headers={"Content-Type": "image/png"})


@app.route("/raw", methods=["POST"])
def raw() -> Any:
    """Served by SampleApp."""


@app.on_ws_connect()
def websocket_connect(event: Any) -> Any:
    record.note("websocket_connect", event.to_dict())
    return record.answer_connect(event.to_dict())


@app.on_ws_message()
def websocket_message(event: Any) -> Any:
    record.note("websocket_message", event.to_dict())
    wish = json.loads(event.body) if event.body.startswith("{") else {"body": event.body}
    time.sleep(wish.get("sleep", 0))
    if "raise" in wish:
        raise ValueError(wish["raise"])
    record.finish(event.body)
    return {"statusCode": 200, "body": wish["body"]} if "body" in wish else None


@app.on_ws_disconnect()
def websocket_disconnect(event: Any) -> Any:
    record.note("websocket_disconnect", event.to_dict())


@app.lambda_function()
def plain(event: Any, context: Any) -> Any:
    record.note("plain", event)
    if "sleep" in event:
        time.sleep(event["sleep"])
        record.finish("plain")
    return unusual(event) if event.keys() & {"answer", "raise", "exit", "big"} else {"served": served_here()}


@app.lambda_function()
def about(event: Any, context: Any) -> Any:
    """What the context and the process say of the container."""
    told = {name: value for name, value in vars(context).items() if not name.startswith("_")}
    return {
        **told,
        "remaining": context.get_remaining_time_in_millis(),
        "environment": dict(os.environ),
        "pid": os.getpid(),
        "served": served_here(),
    }


@app.lambda_function()
def returning(event: Any, _: Any) -> Any:
    """An answer that JSON has, or has not."""
    return {
        "event": lambda: {"event": event, "decimal": Decimal("1.5"), "pair": (1, 2), 7: "seven"},
        "set": lambda: {1, 2},
        "bytes": lambda: b"bytes",
        "nan": lambda: float("nan"),
        "surrogate": lambda: "\ud800",
        "object": object,
    }[event["kind"]]()


@app.lambda_function()
def ending(event: Any, _: Any) -> Any:
    """Ends its own container, or does not let itself be ended."""
    match event["how"]:
        case "exit":
            os._exit(3)
        case "sys.exit":
            sys.exit("on purpose")
        case "segmentation fault":
            ctypes.string_at(0)
        case "memory":
            hoard = []
            while True:
                hoard.append(bytearray(os.urandom(1 << 20)))
        case "undying":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                with contextlib.suppress(BaseException):
                    time.sleep(1)


@app.lambda_function()
def reserved(event: Any, context: Any) -> Any:
    """Like `plain`, with a concurrency of its own."""
    return plain(event, context)
