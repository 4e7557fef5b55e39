"""Presence over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.http import Routes
from chalicelib.features.presence import service
from chalicelib.features.presence.schemas import ChosenStatus, PresenceList, PresenceQuery, StatusInput

routes = Routes("presence")


@routes.get("/users/me/status")
def get_status(actor: Actor) -> ChosenStatus:
    """What one is seen as while one is there."""
    return service.chosen(actor)


@routes.put("/users/me/status")
def set_status(actor: Actor, body: StatusInput) -> ChosenStatus:
    """Choose what one is seen as while one is there, and a text."""
    return service.choose(actor, body)


@routes.post("/presence/query")
def query_presence(actor: Actor, body: PresenceQuery) -> PresenceList:
    """Who of one's contacts and of the members of one's chats is there; everybody else looks offline."""
    return service.presences(actor, body.user_ids)
