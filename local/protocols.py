"""The server that speaks HTTP and WebSocket as API Gateway does, on the fastest parser that is installed."""

import uvicorn
from uvicorn.config import Config

from local.events import DEFAULT_LIMITS, Limits
from local.gateway import Gateway
from local.http_parsers import http_protocol
from local.http_posts import PostsAtOnce
from local.socket_protocol import GatewaySocketProtocol


def server(
    app: Gateway,
    *,
    host: str,
    port: int,
    limits: Limits = DEFAULT_LIMITS,
    http: type[PostsAtOnce] | None = None,
) -> uvicorn.Server:
    """A server for the gateway, not yet started; port 0 takes a free one. `http` is for tests.

    `run` has uvloop's event loop where that is installed. Stopping it (`should_exit`) closes sockets with 1001 and
    waits five seconds at most for what is under way.
    """

    class SocketProtocol(GatewaySocketProtocol):
        stalled_seconds = limits.stalled_seconds

    return uvicorn.Server(
        Config(
            app,
            host=host,
            port=port,
            http=type("HttpProtocol", (http or http_protocol(),), {"at_once": staticmethod(app.management.at_once)}),
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
