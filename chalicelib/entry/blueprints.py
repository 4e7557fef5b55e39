"""The features that have routes, and the paths of dialects, which lead to the same endpoints."""

from collections.abc import Iterator, Mapping

from chalice.app import Blueprint, Request, Response

from chalicelib.core.config import DIALECTS, settings
from chalicelib.core.http import Endpoint, Routes, respond
from chalicelib.entry.aliases import aliases
from chalicelib.entry.dialects import rest
from chalicelib.entry.documents import routes as documents
from chalicelib.features.accounts.routes import routes as accounts
from chalicelib.features.assistant.routes import routes as assistant
from chalicelib.features.calls.routes import routes as calls
from chalicelib.features.chats.routes import routes as chats
from chalicelib.features.encryption.routes import routes as encryption
from chalicelib.features.messages.routes import routes as messages
from chalicelib.features.moderation.routes import routes as moderation
from chalicelib.features.notifications.routes import routes as notifications
from chalicelib.features.ops.routes import routes as ops
from chalicelib.features.people.routes import routes as people
from chalicelib.features.polls.routes import routes as polls
from chalicelib.features.presence.routes import routes as presence
from chalicelib.features.uploads.routes import routes as uploads
from chalicelib.features.webhooks.routes import routes as webhooks

_OWN = (
    accounts,
    people,
    presence,
    chats,
    messages,
    polls,
    calls,
    assistant,
    notifications,
    encryption,
    webhooks,
    uploads,
    moderation,
    ops,
    documents,
)
FEATURES: tuple[Routes, ...] = (*_OWN, aliases(_OWN))
# Methods of dialects on paths of ours, where API Gateway does not ask a greedy path.
BESIDE = {"/chats/{chat_id}": ["POST"], "/chats/{chat_id}/read": ["PATCH"], "/contacts/{user_id}": ["GET", "PUT"]}
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def endpoints() -> list[Endpoint]:
    """Every endpoint there is, in the order of the features."""
    return [endpoint for feature in FEATURES for endpoint in feature.endpoints]


def blueprints() -> Iterator[Blueprint]:
    """What the app serves."""
    for feature in FEATURES:
        feature.answer = _answer
        yield feature.blueprint
    yield _greedy()


def _answer(endpoint: Endpoint, request: Request, path_values: Mapping[str, str]) -> Response:
    """Answers a call of one of our own paths: on a host of a dialect it is the dialect's path."""
    spoken = rest.spoken_in(request)
    return rest.serve(spoken, request, endpoints()) if spoken.name else respond(endpoint, request, path_values)


def _greedy() -> Blueprint:
    """Whatever is below a dialect's name; and on a host that a dialect has to itself, whatever is not ours."""
    blueprint = Blueprint(f"{__name__}.dialects")
    served = {f"/{name}/{rest.GREEDY}": _METHODS for name in DIALECTS}
    if settings().dialect or settings().dialect_hosts:
        served |= {f"/{rest.GREEDY}": _METHODS, **BESIDE}

    def view(**_: str) -> Response:
        request = blueprint.current_request
        return rest.serve(rest.spoken_in(request), request, endpoints())

    def view_file(**_: str) -> Response:
        return rest.open_file(blueprint.current_request)

    blueprint.route(f"/files/{rest.GREEDY}", methods=["GET"], name="file", content_types=["*/*"])(view_file)
    for number, (path, methods) in enumerate(served.items()):
        # Our own paths have API Gateway's answer to OPTIONS, and the others the dialect's (core/origins.py).
        cors = None if path in BESIDE else False
        blueprint.route(path, methods=methods, name=f"dialect_{number}", content_types=["*/*"], cors=cors)(view)
    return blueprint
