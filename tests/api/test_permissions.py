"""Who may do what: every endpoint without a good token, and every endpoint about a chat at each rank.

Both tables are held against the endpoints that there are: a new one is asked for its line here.
"""

import base64
import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args, get_origin

import httpx
import jwt
import msgspec

from chalicelib.core.http import Endpoint, camel
from chalicelib.entry.blueprints import endpoints
from tests.support.answers import refusal, told
from tests.support.people import Register
from tests.support.server import JWT_SECRET, Server

NOBODYS = 1_000_000
OPEN = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/refresh",
    "GET /health",
    "GET /openapi.json",
    "GET /openapi-aliases.json",
    "GET /asyncapi.json",
}


GUARDED = [endpoint for endpoint in endpoints() if endpoint.input("actor")]

SOON = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
# Path parameters that are no ids.
WORDS = {"emoji": "👍", "token": "x" * 22}
# Input that is looked at only after the session was; the rest is made from the declared types.
BODIES: dict[str, dict[str, Any]] = {
    "POST /chats": {"type": "private", "participantIds": [NOBODYS]},
    "POST /messages": {"chatId": NOBODYS, "content": "x"},
    "POST /scheduled-messages": {"chatId": NOBODYS, "content": "x", "sendAt": SOON},
    "PUT /messages/{message_id}/vote": {"options": [0]},
    "PATCH /chats/{chat_id}": {"description": "x"},
    "POST /chats/{chat_id}/participants": {"userId": NOBODYS},
}
UPLOAD = {"filename": "a.png", "contentType": "image/png", "size": 10}
for uploads in ("POST /uploads", "POST /upload"):
    BODIES |= {uploads: UPLOAD, f"{uploads}/multiple": {"files": [UPLOAD]}}


PLAIN: dict[Any, Any] = {int: NOBODYS, str: "x", bool: True, datetime: SOON}


def _sample(kind: Any) -> Any:
    """A value of a declared type, with its required fields alone."""
    plain = get_args(kind)[0] if hasattr(kind, "__metadata__") else kind
    if get_origin(plain) is Literal:
        return get_args(plain)[0]
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        fields = msgspec.structs.fields(plain)
        return {field.encode_name: _sample(field.type) for field in fields if field.required}
    if get_origin(plain) is list:
        return [_sample(get_args(plain)[0])]
    if plain in PLAIN:
        return PLAIN[plain]
    return _sample(get_args(plain)[0])


def _call(client: httpx.Client, endpoint: Endpoint, token: str | None = None, **ids: int) -> httpx.Response:
    """Asks an endpoint for nobody's things, or for those of these ids, in the path, the query and the body."""
    values = {name: WORDS.get(name) or ids.get(name, NOBODYS) for name in endpoint.path_parameters}
    asked, body = endpoint.input("query"), endpoint.input("body")
    query = _sample(asked) if asked else {}
    query |= {endpoint.word(name): value for name, value in values.items() if f"{{{name}}}" not in endpoint.path}
    given = BODIES.get(endpoint.alias_of or endpoint.name, _sample(body) if body else {})
    mine = {camel(name): value for name, value in ids.items()}
    return client.request(
        endpoint.method,
        endpoint.path.format(**values),
        headers={} if token is None else {"Authorization": token},
        json=given | {name: mine[name] for name in given.keys() & mine.keys()} if body else None,
        params=query or None,
    )


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


def test_an_ended_session_can_do_nothing(server: Server, person: Register) -> None:
    alice = person("alice")
    server.sql("UPDATE sessions SET ended_at = now()")
    answers = {endpoint.name: refusal(_call(alice.http, endpoint)) for endpoint in GUARDED}
    assert answers == dict.fromkeys(answers, (401, "session_ended"))


def _about_a_chat(endpoint: Endpoint) -> bool:
    body = endpoint.input("body")
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


# What each rank gets of a group: a member, an admin, the owner.
RANKS: dict[str, tuple[int, int, int]] = {
    "GET /chats/{chat_id}": (200, 200, 200),
    "PATCH /chats/{chat_id}": (403, 200, 200),
    "POST /chats/{chat_id}/participants": (403, 200, 200),
    "DELETE /chats/{chat_id}/participants/{user_id}": (403, 204, 204),
    "POST /messages": (201, 201, 201),
    "GET /messages/{message_id}": (200, 200, 200),
    "GET /chats/{chat_id}/messages": (200, 200, 200),
    "POST /chats/{chat_id}/read": (200, 200, 200),
}
# What the two of a private chat get of it after one has blocked the other; the rest is as it was.
BLOCKED = {
    "PATCH /chats/{chat_id}": (422, "not_a_group"),
    "POST /chats/{chat_id}/participants": (422, "not_a_group"),
    "DELETE /chats/{chat_id}/participants/{user_id}": (422, "not_a_group"),
    "POST /messages": (403, "blocked"),
}
LADDER = [endpoint for endpoint in GUARDED if endpoint.name in RANKS]


def test_each_rank_gets_what_is_its(server: Server, person: Register) -> None:
    owner, admin, member, other = (person(who) for who in ("owner", "admin", "member", "other"))
    chat = owner.chat_with(admin, member, name="group")
    ids = {"chat_id": chat, "message_id": owner.send(chat, "x")["id"], "user_id": other.id}
    server.sql("UPDATE members SET role = 'admin' WHERE user_id = %s", admin.id)
    found: dict[str, tuple[int, ...]] = {}
    for endpoint in LADDER:
        statuses = []
        for who in (member, admin, owner):
            if endpoint.method == "DELETE":
                owner.http.post(f"/chats/{chat}/participants", json={"userId": other.id})
            answer = _call(who.http, endpoint, **ids)
            statuses.append(answer.status_code)
            assert answer.is_success or refusal(answer) == (403, "forbidden"), (endpoint.name, answer.text)
        found[endpoint.name] = tuple(statuses)
    assert found == RANKS


def test_a_block_refuses_writing_and_leaves_reading(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ids = {"chat_id": chat, "message_id": alice.send(chat, "x")["id"], "user_id": alice.id}
    assert bob.http.put(f"/blocks/{alice.id}").status_code == 200
    for who, endpoint in itertools.product((alice, bob), LADDER):
        answer = _call(who.http, endpoint, **ids)
        expected = BLOCKED.get(endpoint.name)
        assert answer.is_success if expected is None else refusal(answer) == expected, (endpoint.name, answer.text)
