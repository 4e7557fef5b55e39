"""The WebSocket API: a handler call for each connection, message and disconnection, as API Gateway makes them."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from chalicelib.entry.ways import ONE_WAY_ROUTE
from local.events import (
    API_ID,
    MESSAGE_BYTES,
    STAGE,
    Headers,
    Limits,
    connection_id,
    forwarded_headers,
    gateway_id,
    header_maps,
    now_ms,
    query_maps,
    request_time,
    source_ip,
)
from local.faults import Fault, Faults
from local.functions import CallerTimeoutError, Functions, InvocationError, ThrottledError
from local.socket_protocol import GOING_AWAY, GatewaySocketProtocol

logger = logging.getLogger("local.websocket")

CONNECT, MESSAGE, DISCONNECT = "websocket_connect", "websocket_message", "websocket_disconnect"

_HANDSHAKE_ONLY = frozenset({"connection", "upgrade", "content-length", "transfer-encoding"})

# What API Gateway says where the close frame was silent.
_REASONS = {1000: "Connection Closed Normally", 1001: "Going away", 1005: "Client-side close frame status not set"}


class GoneError(Exception):
    """The connection is closed."""


class Connection:
    """One accepted socket, and what the gateway knows of it. For the event loop's thread only."""

    def __init__(self, scope: Scope, headers: Headers, send: Send) -> None:
        self.id = connection_id()
        self.connected_at = self.last_active_at = now_ms()
        self.identity = {"sourceIp": source_ip(scope)}
        agent = headers.last.get("user-agent")
        if agent is not None:
            self.identity["userAgent"] = agent
        self.domain = headers.last.get("host", "")
        self.closed: tuple[int, str] | None = None
        # Handler calls that are under way, and the closing of a connection that lived too long.
        self.pending: set[asyncio.Task[None]] = set()
        self._socket: GatewaySocketProtocol = scope["extensions"]["gateway.socket"]
        self._send = send

    async def accept(self, subprotocol: str | None) -> None:
        """Completes the handshake. Raises GoneError."""
        await self._write({"type": "websocket.accept", "subprotocol": subprotocol})

    def listen(self, receiver: Callable[[str], None]) -> None:
        """Has every message from now on given to `receiver`."""
        self._socket.receiver = receiver

    @property
    def is_slow(self) -> bool:
        """Whether the client reads more slowly than it is sent to."""
        return not self._socket.writable.is_set()

    async def send(self, text: bytes) -> None:
        """Sends one message, waiting while the client reads too slowly. Raises GoneError."""
        while self.is_slow:
            await self._socket.writable.wait()
        self.send_at_once(text)

    def send_at_once(self, text: bytes) -> None:
        """The same without waiting, for a client that is not slow. Raises GoneError."""
        if self.closed is not None:
            raise GoneError(self.id)
        try:
            self._socket.transmit(text)
        except OSError as error:
            raise GoneError(self.id) from error
        self.last_active_at = now_ms()

    async def close(self, code: int, reason: str) -> None:
        """Starts the closing handshake; nothing can be sent from now on. Raises GoneError."""
        if self.closed is None:
            await self._write({"type": "websocket.close", "code": code, "reason": reason})
            self.closed = (code, reason)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs this beside all else that concerns the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)

    async def _write(self, message: Message) -> None:
        if self.closed is not None:
            raise GoneError(self.id)
        try:
            await self._send(message)
        except (OSError, RuntimeError) as error:  # the server's words for a socket that is no more
            raise GoneError(self.id) from error

    def context(self, route: str, event_type: str, **more: object) -> dict[str, Any]:
        """The `requestContext` of an event."""
        time = now_ms()
        request = gateway_id()
        return {
            "routeKey": route,
            "eventType": event_type,
            "extendedRequestId": request,
            "requestTime": request_time(time),
            "messageDirection": "IN",
            "stage": STAGE,
            "connectedAt": self.connected_at,
            "requestTimeEpoch": time,
            "identity": self.identity,
            "requestId": request,
            "domainName": self.domain,
            "connectionId": self.id,
            "apiId": API_ID,
            **more,
        }


class WebSocketApi:
    """The ASGI app behind the socket paths. `connections` holds those that can be posted to, by id.

    Other `limits` may be set at any time.
    """

    def __init__(self, functions: Functions, faults: Faults, limits: Limits) -> None:
        self.connections: dict[str, Connection] = {}
        self._functions = functions
        self._faults = faults
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        headers = Headers(scope)
        connection = Connection(scope, headers, send)
        status, subprotocol = await self._connect(connection, scope, headers)
        if not 200 <= status < 300:
            await _refuse(connection, status, send)
            return
        code, reason = 1006, ""
        try:
            await connection.accept(subprotocol)
            self.connections[connection.id] = connection
            code, reason = await self._listen(connection, receive)
        except GoneError:
            pass
        finally:
            self.connections.pop(connection.id, None)
        await self._disconnect(connection, code, reason)
        # Handlers run on without their client, as on AWS; a server that stops waits for them.
        await asyncio.gather(*connection.pending)

    async def _connect(self, connection: Connection, scope: Scope, headers: Headers) -> tuple[int, str | None]:
        """The handler's status, and the subprotocol it chose."""
        query = {name: values for name, values in query_maps(scope).items() if values}
        event = {
            **header_maps(forwarded_headers(scope, headers, without=_HANDSHAKE_ONLY)),
            **query,
            "requestContext": connection.context("$connect", "CONNECT"),
            "isBase64Encoded": False,
        }
        try:
            answer = await self._functions.invoke(CONNECT, event, timeout=self.limits.integration_seconds)
        except CallerTimeoutError:
            return 504, None
        except ThrottledError:
            return 429, None
        except InvocationError:
            return 500, None
        status = _status(answer)
        given = (answer.get("headers") if status else None) or {}
        chosen = [value for name, value in given.items() if name.lower() == "sec-websocket-protocol"]
        return status or 500, chosen[0] if chosen else None

    async def _listen(self, connection: Connection, receive: Receive) -> tuple[int, str]:
        """Starts a handler call for every message until the socket ends; its close code and reason."""

        def received(text: str) -> None:
            connection.last_active_at = now_ms()
            connection.start(self._message(connection, text))

        connection.listen(received)
        ending = _Ending(connection, lambda: self.limits)
        try:
            while True:
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    # Whoever closes first names the reason; the other only echoes.
                    return connection.closed or (message.get("code", 1005), message.get("reason") or "")
                # What came before anybody listened.
                text = message.get("text")
                received(message["bytes"].decode("utf-8", "replace") if text is None else text)
        finally:
            ending.cancel()

    async def _message(self, connection: Connection, text: str) -> None:
        """One message, and the route response: the body goes back on the socket, an empty frame without one.

        Of a route without a response nothing goes back but the gateway's own refusal.
        """
        route = _route(text)
        context = connection.context(route, "MESSAGE", messageId=gateway_id())
        event = {"requestContext": context, "body": text, "isBase64Encoded": False}
        reply, refusal = None, "Internal server error"
        try:
            answer = await self._functions.invoke(MESSAGE, event, timeout=self.limits.integration_seconds)
            if _status(answer):
                body = answer.get("body") or ""
                reply = body.encode() if isinstance(body, str) else None
        except ThrottledError:
            refusal = "Too Many Requests"
        except InvocationError:
            pass
        if reply is None or len(reply) > MESSAGE_BYTES:
            reply = _error(refusal, connection, context["requestId"]).encode()
        elif route == ONE_WAY_ROUTE:
            return
        try:
            await connection.send(reply)
        except GoneError:
            logger.debug("the client left before its answer")

    async def _disconnect(self, connection: Connection, code: int, reason: str) -> None:
        """Best effort: one call, whose failure nobody hears of."""
        if self._faults.take(Fault.DISCONNECT_LOST, connection.id):
            return
        await asyncio.sleep(self._faults.take(Fault.DISCONNECT_LATE, connection.id))
        headers = [("Host", connection.domain), ("x-api-key", ""), ("X-Forwarded-For", ""), ("x-restapi", "")]
        event = {
            **header_maps(headers),
            "requestContext": connection.context(
                "$disconnect",
                "DISCONNECT",
                disconnectStatusCode=code,
                disconnectReason=reason or _REASONS.get(code, ""),
            ),
            "isBase64Encoded": False,
        }
        try:
            await self._functions.invoke(DISCONNECT, event, timeout=self.limits.integration_seconds)
        except InvocationError:
            logger.debug("$disconnect failed")


class _Ending:
    """Closes a connection that was idle or alive for too long, by one timer that looks when that may be so."""

    def __init__(self, connection: Connection, limits: Callable[[], Limits]) -> None:
        self._connection = connection
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(self._seconds_left(), self._look)

    def cancel(self) -> None:
        """The connection has ended otherwise."""
        self._timer.cancel()

    def _seconds_left(self) -> float:
        connection, limits = self._connection, self._limits()
        idle = connection.last_active_at + limits.idle_seconds * 1000
        life = connection.connected_at + limits.life_seconds * 1000
        return (min(idle, life) - now_ms()) / 1000

    def _look(self) -> None:
        left = self._seconds_left()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._connection.start(self._close())

    async def _close(self) -> None:
        with contextlib.suppress(GoneError):
            await self._connection.close(GOING_AWAY, "Going away")


async def _refuse(connection: Connection, status: int, send: Send) -> None:
    """Answers the handshake with a status. The handler's body stays behind, as it does on AWS."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Refused"
    body = _error(phrase, connection, gateway_id()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    try:
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
    except (OSError, RuntimeError):
        logger.debug("the client left before it was refused")


def _route(text: str) -> str:
    """The route that the API's selection expression, `$request.body.reply`, chooses."""
    if ONE_WAY_ROUTE not in text:  # nearly every message: it is not decoded
        return "$default"
    try:
        body = json.loads(text)
    except ValueError:
        return "$default"
    return ONE_WAY_ROUTE if isinstance(body, dict) and body.get("reply") == ONE_WAY_ROUTE else "$default"


def _error(message: str, connection: Connection, request: str) -> str:
    return json.dumps({"message": message, "connectionId": connection.id, "requestId": request})


def _status(answer: object) -> int:
    """The status code of a handler's answer; 0 for one that API Gateway cannot use."""
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    return status if isinstance(status, int) and 200 <= status <= 599 else 0
