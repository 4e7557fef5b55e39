"""Who may do what: every endpoint without a good token, without the role that it needs, and about a chat of others.

tests/api/test_permissions_matrix.py has what every route and action says to everybody else.
"""

import base64
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt

from chalicelib.core.http import Endpoint
from chalicelib.entry.blueprints import endpoints
from tests.support.answers import refusal, told
from tests.support.asking import asked_of
from tests.support.people import Register
from tests.support.server import JWT_SECRET, Server

OPEN = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/appeal",
    "POST /auth/passkeys/login/options",
    "POST /auth/passkeys/login",
    "POST /auth/refresh",
    "POST /auth/password/reset",
    "POST /auth/password/reset/confirm",
    "POST /auth/email/confirm",
    "GET /health",
    "GET /openapi.json",
    "GET /openapi-aliases.json",
    "GET /",
    "GET /asyncapi.json",
}


GUARDED = [endpoint for endpoint in endpoints() if endpoint.input("actor")]


def _call(client: httpx.Client, endpoint: Endpoint, token: str | None = None, **ids: int) -> httpx.Response:
    asked = asked_of(endpoint, **ids)
    headers = {} if token is None else {"Authorization": token}
    return client.request(asked.method, asked.path, headers=headers, json=asked.body, params=asked.query or None)


def _forged(token: str, *, secret: str = JWT_SECRET, header: dict[str, str] | None = None, **claims: Any) -> str:
    real = jwt.decode(token, options={"verify_signature": False}) | claims
    named = jwt.get_unverified_header(token) | (header or {})
    return jwt.encode(real, secret, algorithm=str(named.pop("alg")), headers=named)


def _unsigned(token: str) -> str:
    header = jwt.get_unverified_header(token) | {"alg": "none"}
    encoded = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{encoded}.{token.split('.')[1]}."


WRONG_TOKENS: dict[str, Callable[[str], str | None]] = {
    "none": lambda _: None,
    "empty": lambda _: "",
    "another scheme": lambda token: f"Basic {token}",
    "no scheme": lambda token: token,
    "no token": lambda _: "Bearer",
    "nonsense": lambda _: "Bearer a.b.c",
    "unsigned": lambda token: f"Bearer {_unsigned(token)}",
    "another secret": lambda token: f"Bearer {_forged(token, secret='another secret, also long enough for it')}",
    "another key": lambda token: f"Bearer {_forged(token, header={'kid': '00000000'})}",
    "another issuer": lambda token: f"Bearer {_forged(token, iss='somebody')}",
    "another audience": lambda token: f"Bearer {_forged(token, aud='messenger:ticket')}",
    "expired": lambda token: f"Bearer {_forged(token, exp=int(time.time()) - 1)}",
}


def test_what_is_open_to_everybody() -> None:
    assert {endpoint.name for endpoint in endpoints()} - {endpoint.name for endpoint in GUARDED} == OPEN


def test_without_a_good_token_nothing_is_answered(anonymous: httpx.Client, person: Register) -> None:
    good = person("alice").access_token
    answers = {
        f"{kind}: {endpoint.name}": refusal(_call(anonymous, endpoint, spoil(good)))
        for (kind, spoil), endpoint in itertools.product(WRONG_TOKENS.items(), GUARDED)
    }
    assert answers == dict.fromkeys(answers, (401, "unauthenticated"))


def test_a_role_is_what_postgresql_says_now(server: Server, person: Register) -> None:
    """Whatever needs a role is refused to whoever has a lesser one, and to whoever had it a moment ago."""
    alice, guarded = person("alice"), [endpoint for endpoint in GUARDED if endpoint.needs != "user"]
    assert {endpoint.name for endpoint in GUARDED if endpoint.path.startswith("/admin/")} == {
        endpoint.name for endpoint in guarded
    }
    ranks = ("user", "moderator", "admin", "user")
    for rank, endpoint in itertools.product(ranks, guarded):
        server.sql("UPDATE users SET role = %s WHERE id = %s", rank, alice.id)
        answer = _call(alice.http, endpoint)
        if ranks.index(rank) < ranks.index(endpoint.needs):
            assert refusal(answer) == (403, "forbidden"), (rank, endpoint.name)
        else:
            assert answer.status_code in {200, 201, 404}, (rank, endpoint.name, answer.text)


def _about_a_chat(endpoint: Endpoint) -> bool:
    body = endpoint.input("body")
    if endpoint.needs != "user":
        return False
    return bool({*endpoint.path_parameters, *(body.__struct_fields__ if body else ())} & {"chat_id", "message_id"})


def test_of_a_chat_that_is_not_theirs_nobody_learns_that_it_exists(server: Server, person: Register) -> None:
    owner, removed, stranger = person("owner"), person("removed"), person("stranger")
    chat = owner.chat_with(removed, name="group")
    message = removed.send(chat, "x")["id"]
    assert owner.http.delete(f"/chats/{chat}/participants/{removed.id}").status_code == 204
    known = owner.http.get(f"/chats/{chat}").json()
    for endpoint in filter(_about_a_chat, GUARDED):
        for who in (removed, stranger):
            there = _call(who.http, endpoint, chat_id=chat, message_id=message, user_id=owner.id)
            assert refusal(there) == (404, "not_found"), endpoint.name
            assert told(there) == told(_call(who.http, endpoint, user_id=owner.id)), endpoint.name
    assert owner.http.get(f"/chats/{chat}").json() == known
