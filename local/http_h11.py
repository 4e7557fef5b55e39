"""HTTP by h11, in Python alone: for platforms without httptools."""

import asyncio
from typing import Any, cast

import h11
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from local.http_posts import PostsAtOnce


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


class GatewayHttpProtocol(PostsAtOnce, H11Protocol):
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

    def _is_between_requests(self) -> bool:
        return (
            self.conn.states == {h11.SERVER: h11.IDLE, h11.CLIENT: h11.IDLE}
            and not self.conn.trailing_data[0]
            and not self.flow.write_paused
        )
