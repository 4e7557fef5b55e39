"""What requests in a dialect cost: one round trip to PostgreSQL, as ours do. The people in an answer come along."""

import json
from typing import Any, NamedTuple

import pytest

from tests.dialects.conftest import At, answered, signed_up
from tests.support.reference import Client
from tests.support.server import Server
from tests.support.wire import Wire


class Case(NamedTuple):
    """A request of a client that is logged in; `{chat}`, `{other}` and `{message}` are what there is."""

    dialect: str
    line: str
    body: dict[str, Any] | None = None


CASES = [
    Case("flutter", "GET /api/chats"),
    Case("flutter", "GET /api/messages/chat/{chat}"),
    Case("flutter", "GET /api/users/search"),
    Case("flutter", "POST /api/messages", {"chatId": "{chat}", "content": "x"}),
    Case("flutter", "POST /api/chats", {"type": "private", "participantIds": "{other}"}),
    Case("flutter", "PATCH /api/users/me", {"username": "another"}),
    Case("common-room", "GET /api/users"),
    Case("skype", "GET /api/v1/chats"),
    Case("skype", "GET /api/v1/messages"),
    Case("skype", "GET /api/v1/contacts"),
    Case("skype", "POST /api/v1/messages", {"chat_id": "{chat}", "content": "x"}),
    Case("conversations", "GET /api/conversations"),
    Case("conversations", "GET /api/messages/conversation/{chat}"),
    Case("conversations", "POST /api/messages", {"conversationId": "{chat}", "content": "x"}),
    Case("conversations", "POST /api/conversations", {"otherUserId": "{other}"}),
    Case("gateway", "GET /api/chats"),
    Case("gateway", "GET /api/chats/{chat}/messages"),
    Case("gateway", "POST /api/messages", {"chat": "{chat}", "text": "x"}),
    Case("gateway", "PATCH /api/messages/{message}", {"status": "read"}),
    Case("gateway", "POST /api/chats/find-or-check/{other}", {}),
    Case("gateway", "PATCH /api/chats/{chat}/read", {}),
]
QUERIES = {
    "flutter GET /api/users/search": {"q": "bob"},
    "skype GET /api/v1/messages": {"chat_id": "{chat}"},
}


@pytest.fixture
def alice(at: At) -> Client:
    return _person(at("flutter"), "alice")


@pytest.fixture
def bob(at: At) -> Client:
    return _person(at("flutter"), "bob")


def _person(client: Client, username: str) -> Client:
    signed_up(client, username)
    return client


def test_a_request_costs_one_round_trip(server: Server, wire: Wire, alice: Client, bob: Client) -> None:
    chat = alice.ask("POST /api/chats", {"type": "private", "participantIds": [bob.id]}, status=201)["id"]
    message = bob.ask("POST /api/messages", {"chatId": chat, "content": "hello"}, status=201)["id"]
    there = {"chat": chat, "other": bob.id, "message": message}
    paid = {}
    for case in CASES:
        name = f"{case.dialect} {case.line}"
        query = {key: _filled(value, there) for key, value in QUERIES.get(name, {}).items()}
        body = None if case.body is None else _filled(json.dumps(case.body), there)
        wire.reset()
        answer = answered(case.dialect, _filled(case.line, there), body, token=alice.token, query=query)
        assert answer["statusCode"] < 300, (name, answer["body"])
        assert wire.connections == 0, name
        paid[name] = wire.round_trips
    assert paid == dict.fromkeys(paid, 1)


def _filled(text: str, there: dict[str, Any]) -> str:
    for name, value in there.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text
