"""API Gateway on one port: the REST API, the WebSocket API and its `@connections`, over the functions of one app."""

from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from chalicelib.core.config import DIALECTS
from chalicelib.realtime.vocabularies import NATIVE
from local.events import DEFAULT_LIMITS, STAGE, Limits
from local.faults import Faults
from local.functions import Functions
from local.management import DOOR, ManagementApi
from local.responses import GatewayResponses, Nothing
from local.rest import RestApi
from local.websocket import WebSocketApi

# Paths of REST that clients ask for without the stage.
_AT_THE_ROOT = (["health"], ["socket.io"])
_SOCKET_PATHS = frozenset({f"/{STAGE}", f"/{STAGE}/", "/ws", "/ws/", "/socket.io", "/socket.io/"})
# What the function at the edge adds to the query on these paths; the last of two counts.
_DIALECT_QUERIES = {f"/{name}/ws{end}": f"vocabulary=%2F{name}".encode() for name in NATIVE for end in ("", "/")}


class AnyPath(PathConvertor):
    """A path with whatever is in it: Starlette's own ends at an encoded line break."""

    regex = "(?s:.*)"


register_url_convertor("anything", AnyPath())


class Gateway:
    """The ASGI app; serve it by `local.protocols.server`, whose protocols have API Gateway's rules for frames.

    `apart` names the functions that serve a method of a REST path in place of the REST function. `extra_routes` are
    pages outside the stage. `sockets` has the live connections. What has an API is found without Starlette's router,
    which costs as much as the rest of the gateway together.
    """

    def __init__(
        self,
        functions: Functions,
        faults: Faults,
        *,
        limits: Limits = DEFAULT_LIMITS,
        apart: Mapping[tuple[str, str], str] | None = None,
        extra_routes: Sequence[BaseRoute] = (),
    ) -> None:
        responses = GatewayResponses()
        self.sockets = WebSocketApi(functions, faults, limits)
        self.management = ManagementApi(self.sockets, faults)
        self._rest = RestApi(functions, responses, limits, apart or {})
        # Outside the stage there is nothing else, which API Gateway says as of any path without a route.
        pages = Starlette(routes=[*extra_routes, Route("/{path:anything}", Nothing(responses))])
        pages.router.redirect_slashes = False
        self._pages: ASGIApp = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            query = _DIALECT_QUERIES.get(scope["path"])
            if query is not None:
                scope = {**scope, "query_string": b"&".join(filter(None, (scope["query_string"], query)))}
            if query is not None or scope["path"] in _SOCKET_PATHS:
                await self.sockets(scope, receive, send)
            else:
                await send({"type": "websocket.close"})  # before it was accepted: a 403
            return
        # The handler is told the path as it was sent, and the custom domain's base path as a part of it.
        path = scope["raw_path"].decode("latin-1")
        segments = path.split("/")[1:]
        names = [unquote(segment) for segment in segments[:2]]
        if names[:1] in _AT_THE_ROOT and segments[1:] in ([], [""]):
            await self._rest.serve(scope, receive, send, segments=segments, path=path)
        elif names[:1] != [STAGE]:
            if names[:1] and names[0] in DIALECTS:  # the custom domain maps its root too
                await self._rest.serve(scope, receive, send, segments=segments, path=path)
            else:
                await self._pages(scope, receive, send)
        elif names[1:] == [DOOR] and len(segments) > 2:
            await self.management(scope, receive, send)
        elif names[1:] == ["v1"]:
            await self._rest.serve(scope, receive, send, segments=segments[2:] or [""], path=path)
        else:
            below = segments[1:] or [""]
            await self._rest.serve(scope, receive, send, segments=below, path="/" + "/".join(below))
