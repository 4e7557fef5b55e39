"""A Chalice app for the gateway's tests: its handlers record their events, and do what a test asks of them."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chalice.app import Chalice, CORSConfig, Request, Response


@dataclass
class Record:
    """What handlers saw, and what tests put in their way. Safe across threads, as appending is."""

    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    contexts: list[Any] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    connect_answer: Callable[[dict[str, Any]], Any] = lambda _: None

    def reset(self) -> None:
        self.events, self.contexts, self.finished, self.connect_answer = {}, [], [], lambda _: None

    def note(self, name: str, event: Any, context: Any) -> None:
        self.events.setdefault(name, []).append(event)
        self.contexts.append(context)


record = Record()
container = threading.local()


def served_here() -> int:
    """How many invocations this container has had."""
    container.count = getattr(container, "count", 0) + 1
    return int(container.count)


def sleep(seconds: float) -> None:
    """In small steps, between which a container can be killed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.005)


class SampleApp(Chalice):
    """Gives some answers that Chalice itself never would."""

    def __call__(self, event: Any, context: Any) -> Any:
        record.note("api_handler", event, context)
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
    sleep(int(milliseconds) / 1000)
    record.finished.append(request_id)
    return {"same": current().context["requestId"] == request_id}


@app.route("/picture")
def picture() -> Any:
    return Response(b"\x89PNG\r\n", headers={"Content-Type": "image/png"})


@app.route("/raw", methods=["POST"])
def raw() -> Any:
    """Served by SampleApp."""


@app.on_ws_connect()
def websocket_connect(event: Any) -> Any:
    record.note("websocket_connect", event.to_dict(), event.context)
    return record.connect_answer(event.to_dict())


@app.on_ws_message()
def websocket_message(event: Any) -> Any:
    record.note("websocket_message", event.to_dict(), event.context)
    wish = json.loads(event.body) if event.body.startswith("{") else {"body": event.body}
    sleep(wish.get("sleep", 0))
    if "raise" in wish:
        raise ValueError(wish["raise"])
    record.finished.append(event.body)
    return {"statusCode": 200, "body": wish["body"]} if "body" in wish else None


@app.on_ws_disconnect()
def websocket_disconnect(event: Any) -> Any:
    record.note("websocket_disconnect", event.to_dict(), event.context)


@app.lambda_function()
def plain(event: Any, context: Any) -> Any:
    record.note("plain", event, context)
    if "sleep" in event:
        sleep(event["sleep"])
        record.finished.append("plain")
    return unusual(event) if event.keys() & {"answer", "raise", "big"} else {"served": served_here()}
