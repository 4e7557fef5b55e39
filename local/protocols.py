"""Where uvicorn's protocols differ from API Gateway on the wire, and the server that has these ones."""

import asyncio
from typing import Any, cast

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from local.events import DEFAULT_LIMITS, FRAME_BYTES, MESSAGE_BYTES, Limits

GOING_AWAY = 1001


def server(app: ASGIApp, *, host: str, port: int, limits: Limits = DEFAULT_LIMITS) -> uvicorn.Server:
    """A server for the gateway, not yet started; port 0 takes a free one.

    Stopping it (`should_exit`) closes sockets with 1001 and waits five seconds at most for what is under way.
    """

    class SocketProtocol(GatewaySocketProtocol):
        stalled_seconds = limits.stalled_seconds

    return uvicorn.Server(
        Config(
            app,
            host=host,
            port=port,
            http=GatewayHttpProtocol,
            ws=SocketProtocol,
            # API Gateway neither compresses messages nor pings clients.
            ws_per_message_deflate=False,
            ws_ping_interval=None,
            # With it, a client's X-Forwarded-For would be taken for its address.
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_keep_alive=60,
            timeout_graceful_shutdown=5,
        )
    )


class _SpellingConnection(h11.Connection):
    """Remembers the headers of the request it read last as they were spelled."""

    def __init__(self) -> None:
        super().__init__(h11.SERVER)
        self.raw_headers: list[tuple[bytes, bytes]] = []

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request):
            self.raw_headers = list(event.headers.raw_items())
        return event


class GatewayHttpProtocol(H11Protocol):
    """Passes header names on as the client spelled them, which ASGI's own header list does not."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn = connection = _SpellingConnection()
        app = cast(ASGIApp, self.app)

        async def spelled(scope: Scope, receive: Receive, send: Send) -> None:
            # The next pipelined request is not read before this one was answered.
            scope["extensions"] = {"raw_headers": connection.raw_headers}
            await app(scope, receive, send)

        self.app = cast(Any, spelled)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self.headers = list(event.headers.raw_items())
        super().handle_websocket_upgrade(event)


class GatewaySocketProtocol(WebSocketsSansIOProtocol):
    """Has API Gateway's size limits, tells 1006 from 1005, and does not hurry clients out of a failed connection."""

    stalled_seconds = 10.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn.max_message_size = MESSAGE_BYTES
        self.conn.max_fragment_size = FRAME_BYTES
        self._stalled: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        if self.conn.parser_exc is not None:
            self.conn.receive_data(data)  # discards it
            return
        super().data_received(data)

    def handle_parser_exception(self) -> None:
        """Half-closes, and reads on until the client closes: closing at once would reset the connection while its
        oversized frame is still coming in, and the client would never see why."""
        assert self.conn.close_sent is not None
        self._tell_app(self.conn.close_sent.code, self.conn.close_sent.reason)
        self._finish(self.close_timeout)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._not_stalled()
        if self.conn.close_rcvd is None and self.conn.close_sent is None:
            self._tell_app(1006, "")
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(self.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._not_stalled()
        super().resume_writing()

    def shutdown(self) -> None:
        if not self.handshake_complete or self.close_sent:
            super().shutdown()
            return
        self._tell_app(GOING_AWAY, "Going away")
        self.conn.send_close(GOING_AWAY, "Going away")
        self._finish(1.0)

    def _finish(self, seconds: float) -> None:
        """Sends the close frame that is waiting, and gives the client so long to close in turn."""
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(seconds, self.transport.close)
        self.read_paused = False
        self.transport.resume_reading()

    def _tell_app(self, code: int, reason: str) -> None:
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _not_stalled(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
