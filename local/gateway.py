"""API Gateway on one port: the REST API, the WebSocket API and its `@connections`, over the functions of one app."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.routing import BaseRoute, Route, WebSocketRoute

from local.events import DEFAULT_LIMITS, STAGE, Limits
from local.faults import Faults
from local.functions import Functions
from local.management import ManagementApi
from local.responses import GatewayResponses, Nothing
from local.rest import BasePath, RestApi
from local.websocket import WebSocketApi


class AnyPath(PathConvertor):
    """A path with whatever is in it: Starlette's own ends at an encoded line break."""

    regex = "(?s:.*)"


register_url_convertor("anything", AnyPath())


def create_gateway(
    functions: Functions,
    faults: Faults,
    *,
    limits: Limits = DEFAULT_LIMITS,
    extra_routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The ASGI app; serve it by `local.protocols.server`, whose protocols have API Gateway's rules for frames.

    `extra_routes` are pages outside the stage. `app.state.sockets` is the WebSocketApi, with its live connections.
    """
    responses = GatewayResponses()
    rest = RestApi(functions, responses, limits)
    sockets = WebSocketApi(functions, faults, limits)
    stage, mapping = f"/{STAGE}", f"/{STAGE}/v1"
    routes = [
        *(WebSocketRoute(path, sockets) for path in (stage, f"{stage}/", "/ws", "/ws/")),
        Route(f"{stage}/@connections/{{connection_id:path}}", ManagementApi(sockets, faults)),
        *(Route(path, BasePath(rest, mapping, mapped=True)) for path in (mapping, f"{mapping}/{{path:anything}}")),
        *(Route(path, BasePath(rest, stage)) for path in (stage, f"{stage}/{{path:anything}}")),
        Route("/health", BasePath(rest, "")),
        *extra_routes,
        # Outside the stage there is nothing, which API Gateway says as of any path without a route.
        Route("/{path:anything}", Nothing(responses)),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    app.state.sockets = sockets
    return app
