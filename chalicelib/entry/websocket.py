"""The three routes of the WebSocket API.

What `message` returns as its body is the gateway's route response: it goes back on the same socket, so that an ack
costs no post and reaches the client also where the function has no way to the internet.
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.core import context, tokens
from chalicelib.core.border import problem_of
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.decoding import decode_outline
from chalicelib.core.errors import OriginRefused, ProblemBody, Unauthenticated
from chalicelib.core.logs import logger
from chalicelib.entry import socketio
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.dispatch import Said, perform, welcome
from chalicelib.realtime import connections, vocabularies
from chalicelib.realtime.connections import Connection, Pending
from chalicelib.realtime.publish import presence_may_have_changed

# A browser can set no header on a socket: it may give the token as the second of two subprotocols.
_SUBPROTOCOL = "bearer"
# What the log calls a frame: clients must not make up names there.
_LOGGED = ACTIONS.keys() | socketio.PACKETS


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends. Its `id` comes back with the answer."""

    action: str
    id: str | int | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


class Ack(msgspec.Struct, frozen=True, kw_only=True, tag="ack", tag_field="type"):
    """The answer to a frame that did what it asked for."""

    id: str | int | None
    data: Any


class ErrorFrame(msgspec.Struct, frozen=True, kw_only=True, tag="error", tag_field="type"):
    """The answer to a frame that was refused; the connection stays."""

    id: str | int | None
    error: ProblemBody


def connect(event: Mapping[str, Any]) -> dict[str, Any]:
    """Admits a client that shows a ticket or an access token, or may show one later, as Socket.IO clients do.

    One DynamoDB call, none to PostgreSQL.
    """
    request = event["requestContext"]
    with context.begin(request["requestId"]) as current:
        try:
            headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
            _check_origin(headers.get("origin"))
            subprotocol = _admit(request, event.get("queryStringParameters") or {}, headers)
        except Exception as failure:  # the border
            problem = problem_of(failure, current.request_id)
            logger().info("connect refused", extra={"request_id": current.request_id, "code": problem.code})
            return {"statusCode": problem.status}
        admitted: dict[str, Any] = {"statusCode": 200}
        return admitted | ({"headers": {"Sec-WebSocket-Protocol": subprotocol}} if subprotocol else {})


def message(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answers one frame, once: with an ack or with an error. A native frame begins with `{`."""
    started = time.perf_counter()
    request = event["requestContext"]
    text = event.get("body") or ""
    with context.begin(request["requestId"]) as current:
        said = None if text.startswith("{") else socketio.answer(request["connectionId"], text)
        if said is None:
            said = _answer(request["connectionId"], text)
        logger().info(
            "frame",
            extra={
                "request_id": current.request_id,
                "action": said.action if said.action in _LOGGED else "unknown",
                "code": said.code,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            },
        )
        return {"statusCode": 200, **({"body": said.text} if said.text else {})}


def disconnect(event: Mapping[str, Any]) -> None:
    """Forgets a connection that has closed."""
    request = event["requestContext"]
    with context.begin(request["requestId"]):
        connection = connections.release(request["connectionId"])
        if connection is not None:
            presence_may_have_changed(connection.user_id)


def _admit(request: Mapping[str, Any], query: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Registers a new connection, and answers the subprotocol that was agreed on."""
    vocabulary = query.get("vocabulary") or None
    vocabularies.check(vocabulary)
    connection_id, endpoint = request["connectionId"], _endpoint(request)
    if socketio.is_asked_for(query):
        try:
            actor, ticket_id, subprotocol = _credentials(query, headers)
        except Unauthenticated:
            # Only when it logs in can such a client hear why it is refused.
            socketio.admit(Pending(id=connection_id, endpoint=endpoint, vocabulary=vocabulary))
            return None
        shown = Pending(id=connection_id, endpoint=endpoint, vocabulary=vocabulary, actor=actor, ticket_id=ticket_id)
        socketio.admit(shown)
        return subprotocol
    actor, ticket_id, subprotocol = _credentials(query, headers)
    connection = Connection(
        id=connection_id,
        endpoint=endpoint,
        user_id=actor.user_id,
        session_id=actor.session_id,
        vocabulary=vocabulary,
    )
    welcome(connection, ticket_id=ticket_id)
    return subprotocol


def _answer(connection_id: str, text: str) -> Said:
    line: Connection | Pending | None = None
    frame = Frame(action="")
    answer: Ack | ErrorFrame
    try:
        line = connections.find(connection_id)
        frame = decode_outline(text.encode(), Frame)
        connection = line if isinstance(line, Connection) else None
        answer = Ack(id=frame.id, data=perform(connection, frame.action, bytes(frame.data)))
        context.current().committed()
        code = "ok"
    except Exception as failure:  # the border
        problem = problem_of(failure, context.current().request_id)
        if not frame.action and socketio.is_spoken_on(line):
            return Said(action="attachment", code="ignored")
        answer = ErrorFrame(id=frame.id, error=problem.body(context.current().request_id))
        code = problem.code
    return Said(msgspec.json.encode(answer).decode(), frame.action, code)


def _check_origin(origin: str | None) -> None:
    allowed = settings().origins
    if origin is not None and "*" not in allowed and origin not in allowed:
        raise OriginRefused()


def _credentials(query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[Actor, str | None, str | None]:
    """Who connects, the id of the ticket that was used, and the subprotocol to answer with.

    The ticket or token is looked for in the query string, the Authorization header and the subprotocols, in this
    order. Raises Unauthenticated.
    """
    if "ticket" in query:
        actor, ticket_id = tokens.verify(query["ticket"], "ticket")
        return actor, ticket_id, None
    offered = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
    if query.get("token"):
        return tokens.verify(query["token"], "access")[0], None, offered[0] or None
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return tokens.verify(token.strip(), "access")[0], None, offered[0] or None
    if len(offered) == 2 and offered[0] == _SUBPROTOCOL:
        return tokens.verify(offered[1], "access")[0], None, _SUBPROTOCOL
    raise Unauthenticated()


def _endpoint(request: Mapping[str, Any]) -> str:
    """Where frames to this connection are posted: the API's own host, whatever domain the client came by."""
    here = settings()
    if here.websocket_endpoint is not None:
        return here.websocket_endpoint
    suffix = "amazonaws.com.cn" if here.region.startswith("cn-") else "amazonaws.com"
    return f"https://{request['apiId']}.execute-api.{here.region}.{suffix}/{request['stage']}"
