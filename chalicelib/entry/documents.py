"""The API's own description: OpenAPI of the endpoints, and AsyncAPI of the socket.

Few containers are ever asked: what makes the documents is imported, and they are made, at the first request.
"""

import functools
from typing import Any

from chalicelib.core.http import Routes

Document = dict[str, Any]

routes = Routes("documents")


@routes.get("/openapi.json", cached=True)
def get_openapi() -> Document:
    """This description of the REST API."""
    return openapi_document()


@routes.get("/asyncapi.json", cached=True)
def get_asyncapi() -> Document:
    """The description of the WebSocket API, in AsyncAPI 3.0."""
    return asyncapi_document()


@functools.cache
def openapi_document() -> Document:
    """OpenAPI 3.1, of every endpoint."""
    from chalicelib.entry.blueprints import endpoints  # not above: it lists this module's own routes
    from chalicelib.entry.links import LINKS
    from chalicelib.entry.outcomes import OUTCOMES
    from chalicelib.features.ops import openapi

    return openapi.document(endpoints(), OUTCOMES, LINKS)


@functools.cache
def asyncapi_document() -> Document:
    """AsyncAPI 3.0, of every action and event."""
    from chalicelib.entry.actions import ACTIONS
    from chalicelib.entry.websocket import Ack, ErrorFrame, Frame
    from chalicelib.features.ops import asyncapi
    from chalicelib.realtime.events import CATALOGUE

    frames = asyncapi.Frames(frame=Frame, ack=Ack, error=ErrorFrame)
    return asyncapi.document(ACTIONS.values(), CATALOGUE, frames)
