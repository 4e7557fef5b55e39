"""Engine.IO by HTTP: `GET /socket.io/` opens a session and waits for packets, `POST` brings them.

What opens a connection, answers packets and delivers events is the same as on a WebSocket; only the way differs. A
session that polls has a mailbox. Its `sid` is all that a request needs to show, as in Engine.IO, so it cannot be
guessed. Errors are Engine.IO's own: `{"code", "message"}`.

A poll holds its container while it waits. So a function of its own serves GET, without a database and small; POST
does what clients ask for, and stays with the REST function.
"""

import base64
import itertools
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from chalicelib.core import clock, context, ids, origins
from chalicelib.core.border import problem_of
from chalicelib.core.config import settings
from chalicelib.core.errors import OriginRefused
from chalicelib.core.problems import Problem
from chalicelib.entry import connecting
from chalicelib.realtime import mailboxes, packets, payloads, publish, vocabularies
from chalicelib.realtime.connections import MAILBOX, Line, Pending
from chalicelib.realtime.packets import Engine

# How long a poll waits between two looks into its mailbox: most answers come soon after the request they belong to.
_PAUSES = (0.05, 0.05, 0.1, 0.1, 0.2, 0.3)
_LONGEST_PAUSE = 0.5
_TRANSPORTS = frozenset({"polling", "websocket"})
_TEXT = "text/plain; charset=UTF-8"


class Refused(Exception):  # noqa: N818  # it is one of Engine.IO's answers, not a fault
    """What Engine.IO answers to a request that it cannot serve."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def unknown_sid() -> Refused:
    """The session never was, or is over: the client opens another one."""
    return Refused(1, "Session ID unknown")


def bad_request() -> Refused:
    """The session cannot be used so."""
    return Refused(3, "Bad request")


class Request(NamedTuple):
    """An HTTP request. Header names are in lower case."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    host: str


class Answer(NamedTuple):
    """Its answer, before the headers that all have."""

    body: str
    kind: str = _TEXT
    status: int = 200
    headers: Mapping[str, str] = {}


def serve(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answers an event of API Gateway's Lambda proxy. Never raises."""
    started = time.perf_counter()
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    text = event.get("body") or ""
    body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    host = event.get("requestContext", {}).get("domainName", "")
    request = Request(event["httpMethod"], event.get("queryStringParameters") or {}, headers, body, host)
    with context.begin(headers.get("x-request-id"), trace=headers.get("x-amzn-trace-id")) as current:
        code = "ok"
        try:
            answer = _answer(request)
        except Exception as failure:  # the border
            refused = failure if isinstance(failure, Refused) else _refused(problem_of(failure))
            told = msgspec.json.encode({"code": refused.code, "message": refused.message}).decode()
            answer, code = Answer(told, "application/json", refused.status), refused.message
        took = round((time.perf_counter() - started) * 1000, 1)
        current.note("polling", method=request.method, status=answer.status, code=code, ms=took)
        shared = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        told_id = {"X-Request-Id": current.request_id, "Content-Type": answer.kind}
        return {
            "statusCode": answer.status,
            "headers": {**shared, **told_id, **answer.headers, **origins.shared_with(headers.get("origin"))},
            "body": answer.body,
        }


def _refused(problem: Problem) -> Refused:
    if isinstance(problem, OriginRefused):
        return Refused(4, "Forbidden", 403)
    return Refused(3, problem.sentence(), problem.status)


def _answer(request: Request) -> Answer:
    if request.method == "OPTIONS":
        asked = request.headers.get("access-control-request-headers", "")
        return Answer("", _TEXT, 204, origins.preflight(asked, methods="GET,POST,OPTIONS"))
    connecting.check_origin(request.headers.get("origin"))
    query = request.query
    if query.get("transport") not in _TRANSPORTS:
        raise Refused(0, "Transport unknown")
    if query["transport"] != "polling":
        raise bad_request()  # a WebSocket is no request of HTTP
    engine = connecting.ENGINES.get(query.get("EIO", ""))
    if engine is None:
        raise Refused(5, "Unsupported protocol version")
    if "sid" in query:
        return _poll(query["sid"], engine) if request.method == "GET" else _post(query["sid"], engine, request.body)
    if request.method != "GET":
        raise Refused(2, "Bad handshake method")
    return _open(request, engine)


def _open(request: Request, engine: Engine) -> Answer:
    asked = request.query.get("vocabulary") or None
    vocabularies.check(asked)
    vocabulary = asked or vocabularies.spoken_at(request.host, native=False)
    pending = Pending(id=ids.random_id(), endpoint=MAILBOX, engine=engine, vocabulary=vocabulary)
    connecting.admit_socketio(pending, request.query, request.headers)
    return Answer(payloads.write([connecting.handshake(pending)], engine))


def _poll(sid: str, engine: Engine) -> Answer:
    """Waits until there is something to tell, and tells all of it."""
    poll = ids.random_id()
    mailbox = mailboxes.begin(sid, poll)
    if mailbox is None:
        raise unknown_sid() if mailboxes.find(sid) is None else bad_request()
    if mailbox.is_polled:
        _end(sid)
        raise bad_request()
    until = time.monotonic() + settings().poll_seconds
    pauses = itertools.chain(_PAUSES, itertools.repeat(_LONGEST_PAUSE))
    waiting: mailboxes.Mailbox | None = mailbox
    while waiting is not None and not waiting.must_answer and (left := until - time.monotonic()) > 0:
        time.sleep(min(next(pauses), left))
        waiting = mailboxes.find(sid)
    taken = mailboxes.finish(sid, poll)
    if taken is None:
        return Answer(payloads.write([packets.CLOSE], engine))
    told = taken.packets
    if taken.closing or taken.ends_at <= clock.now():
        _end(sid)
        told = [*told, packets.CLOSE]
    return Answer(payloads.write(told or [packets.NOOP], engine))


def _end(sid: str) -> None:
    publish.close(Line(id=sid, endpoint=MAILBOX))
    mailboxes.delete(sid)


def _post(sid: str, engine: Engine, body: bytes) -> Answer:
    # Here, since whoever polls has no use for the features that packets lead to.
    from chalicelib.entry import websocket

    if len(body) > connecting.MOST_POSTED_BYTES:
        raise Refused(3, f"The packets of one request have at most {connecting.MOST_POSTED_BYTES} bytes.", 413)
    mailbox = mailboxes.find(sid)
    if mailbox is None or mailbox.closing:
        raise unknown_sid()
    if mailbox.moved_to is not None:
        raise bad_request()
    try:
        received = payloads.read(body, engine)
    except ValueError:
        publish.close(Line(id=sid, endpoint=MAILBOX))
        raise Refused(3, "The body is not a payload of Engine.IO") from None
    said = [text for packet in received if (text := websocket.packet(sid, packet))]
    if said:
        mailboxes.append(sid, said)
    # As Engine.IO says it: some clients offer a download of plain text.
    return Answer("ok", "text/html")
