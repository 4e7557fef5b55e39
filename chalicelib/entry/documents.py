"""The API's own description: OpenAPI of the endpoints and of their other paths, and AsyncAPI of the socket.

Few containers are ever asked: what makes the documents is imported, and they are made, at the first request.
"""

import functools
from collections.abc import Callable
from typing import Any

import msgspec

from chalicelib.core.http import Endpoint, Routes

Document = dict[str, Any]

routes = Routes("documents")

_ABOUT = (
    "The REST API of a messenger. Errors are RFC 9457 problems with a stable `code`; each response names the codes "
    "it can carry as its examples. API Gateway may answer any request itself, in the same shape. "
    "Live events travel by WebSocket: see `asyncapi.json`. Clients of other messengers find the paths that they know "
    "in `openapi-aliases.json`."
)
_ABOUT_ALIASES = (
    "Other paths of the REST API in `openapi.json`, for clients that were written for other messengers or for an "
    "earlier version. Each is an endpoint of `openapi.json`, which `x-alias-of` names. New clients use that one."
)


class Index(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the API describes itself, as paths of this host; `docs` are pages for people, where the host has them."""

    openapi: str = "/api/openapi.json"
    openapi_aliases: str = "/api/openapi-aliases.json"
    asyncapi: str = "/api/asyncapi.json"
    health: str = "/api/health"
    docs: str = "/docs/"


@routes.get("/", cached=True)
def get_index() -> Index:
    """Where the API describes itself."""
    return Index()


@routes.get("/openapi.json", cached=True)
def get_openapi() -> Document:
    """This description of the REST API, in OpenAPI 3.1."""
    return openapi_document()


@routes.get("/openapi-aliases.json", cached=True)
def get_openapi_of_aliases() -> Document:
    """The description of the REST API's other paths, in OpenAPI 3.1."""
    return aliases_document()


@routes.get("/asyncapi.json", cached=True)
def get_asyncapi() -> Document:
    """The description of the WebSocket API, in AsyncAPI 3.0."""
    return asyncapi_document()


@functools.cache
def openapi_document() -> Document:
    """OpenAPI 3.1, of every endpoint."""
    return _openapi(lambda endpoint: endpoint.alias_of is None, "Messenger", _ABOUT)


@functools.cache
def aliases_document() -> Document:
    """OpenAPI 3.1, of every other path of an endpoint: linters cannot tell some of them from the endpoints' own."""
    return _openapi(lambda endpoint: endpoint.alias_of is not None, "Messenger: aliases", _ABOUT_ALIASES)


@functools.cache
def asyncapi_document() -> Document:
    """AsyncAPI 3.0, of every action and event."""
    from chalicelib.entry.actions import ACTIONS
    from chalicelib.entry.websocket import Ack, ErrorFrame, Frame
    from chalicelib.features.ops import asyncapi
    from chalicelib.realtime.events import CATALOGUE

    frames = asyncapi.Frames(frame=Frame, ack=Ack, error=ErrorFrame)
    return asyncapi.document(ACTIONS.values(), CATALOGUE, frames)


def _openapi(chosen: Callable[[Endpoint], bool], title: str, about: str) -> Document:
    from chalicelib.entry.blueprints import endpoints  # not above: it lists this module's own routes
    from chalicelib.entry.examples import EXAMPLES
    from chalicelib.entry.links import LINKS
    from chalicelib.features.ops import openapi
    from chalicelib.realtime.events import CATALOGUE

    tables = openapi.Tables(examples=EXAMPLES, links=LINKS, events=CATALOGUE)
    return openapi.document(list(filter(chosen, endpoints())), tables, title=title, about=about)
