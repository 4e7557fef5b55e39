"""Other paths of the same endpoints: those that clients of the reference systems know. No second handler."""

from collections.abc import Iterable, Mapping

from chalicelib.core.http import Routes

ALIASES: Mapping[str, str] = {
    # System A.
    "GET /messages/chat/{chat_id}": "GET /chats/{chat_id}/messages",
    "POST /messages/chat/{chat_id}/read": "POST /chats/{chat_id}/read",
    "POST /upload": "POST /uploads",
    "POST /upload/multiple": "POST /uploads/multiple",
    # System C, which changes things by PUT.
    "PUT /users/me": "PATCH /users/me",
    "PUT /users/status": "PUT /users/me/status",
    "PUT /chats/{chat_id}": "PATCH /chats/{chat_id}",
    "PUT /chats/{chat_id}/participants/{user_id}": "PATCH /chats/{chat_id}/participants/{user_id}",
    # System D.
    "GET /auth/profile": "GET /users/me",
    "PUT /auth/profile": "PATCH /users/me",
    "GET /conversations": "GET /chats",
    "POST /conversations": "POST /chats",
    "GET /conversations/{chat_id}": "GET /chats/{chat_id}",
    "PATCH /conversations/{chat_id}": "PATCH /chats/{chat_id}",
    "DELETE /conversations/{chat_id}": "DELETE /chats/{chat_id}",
    "GET /messages/conversation/{chat_id}": "GET /chats/{chat_id}/messages",
    "POST /messages/conversation/{chat_id}/read": "POST /chats/{chat_id}/read",
    # System E.
    "GET /messages/chats/{chat_id}": "GET /chats/{chat_id}/messages",
    # Ours: by PATCH too, as other things are changed.
    "PATCH /messages/{message_id}": "PUT /messages/{message_id}",
    # Ours until 0.1. A linter of OpenAPI cannot tell them from `/chats/{chat_id}/…` and `/messages/{message_id}/…`.
    "GET /chats/public/{chat_id}": "GET /chats/{chat_id}/preview",
    "POST /messages/scheduled": "POST /scheduled-messages",
    "GET /messages/scheduled": "GET /scheduled-messages",
    "PATCH /messages/scheduled/{scheduled_id}": "PATCH /scheduled-messages/{scheduled_id}",
    "DELETE /messages/scheduled/{scheduled_id}": "DELETE /scheduled-messages/{scheduled_id}",
    "POST /messages/scheduled/{scheduled_id}/send-now": "POST /scheduled-messages/{scheduled_id}/send-now",
}


def aliases(features: Iterable[Routes]) -> Routes:
    """The table's paths, as routes to the endpoints of these features."""
    known = {endpoint.name: endpoint for feature in features for endpoint in feature.endpoints}
    routes = Routes("aliases")
    for alias, name in ALIASES.items():
        method, _, path = alias.partition(" ")
        routes.alias(method, path, of=known[name])
    return routes
