"""Access tokens: every route of accounts and people takes a good one of a living session, and nothing else."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from chalicelib.core import config
from chalicelib.core.http import Endpoint
from chalicelib.features.accounts.routes import routes as accounts
from chalicelib.features.people.routes import routes as people
from tests.support.authenticator import Passkey
from tests.support.people import Person

GUARDED = [endpoint for routes in (accounts, people) for endpoint in routes.endpoints if endpoint.input("actor")]
OPEN = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/passkeys/login/options",
    "POST /auth/passkeys/login",
    "POST /auth/refresh",
    "POST /auth/password/reset",
    "POST /auth/password/reset/confirm",
    "POST /auth/email/confirm",
}

# What each body must hold to be looked at.
BODIES: dict[str, dict[str, Any]] = {
    "/contacts": {"userId": 1},
    "/contacts/{user_id}": {"name": "x"},
    "/auth/password": {"currentPassword": "x", "newPassword": "correct horse battery"},
    "/auth/email": {"email": "a@example.com", "password": "x"},
    "/auth/second-factor": {"password": "x"},
    "/auth/second-factor/confirm": {"code": "x"},
    "/auth/second-factor/off": {"password": "x", "code": "x"},
    "/auth/passkeys/options": {"password": "x"},
    "/auth/passkeys": {"name": "x", "credential": Passkey().made("AA")},
    "/auth/passkeys/{passkey_id}": {"name": "x"},
    "/users/me/deletion": {"password": "x"},
    "/users/me/export": {"password": "x"},
}


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def _call(client: httpx.Client, endpoint: Endpoint) -> httpx.Response:
    path = endpoint.path.replace("{user_id}", "7").replace("{session_id}", "7").replace("{passkey_id}", "7")
    body = BODIES.get(endpoint.path, {}) if endpoint.input("body") else None
    query = {"q": "x"} if endpoint.path == "/users/search" else None
    return client.request(endpoint.method, path, json=body, params=query)


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def _forged(token: str, *, header: dict[str, Any] | None = None, key: str | None = None, **claims: Any) -> str:
    """The token with other claims, signed with our own key unless another is given."""
    kept = jwt.decode(token, options={"verify_signature": False})
    named = jwt.get_unverified_header(token) | (header or {})
    changed = {name: value for name, value in (kept | claims).items() if value is not None}
    secret = config.settings().jwt_secret if key is None else key
    return jwt.encode(changed, secret, algorithm=named.pop("alg"), headers=named)


def _unsigned(token: str) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    header = jwt.get_unverified_header(token) | {"alg": "none"}
    return f"{part(header)}.{part(jwt.decode(token, options={'verify_signature': False}))}."


def test_only_what_makes_a_session_or_goes_by_letter_asks_for_none() -> None:
    every = {_name(endpoint) for routes in (accounts, people) for endpoint in routes.endpoints}
    assert every - {_name(endpoint) for endpoint in GUARDED} == OPEN


def test_without_a_token_nothing_is_answered(anonymous: httpx.Client) -> None:
    answers = {_name(endpoint): _refusal(_call(anonymous, endpoint)) for endpoint in GUARDED}
    assert answers == dict.fromkeys(answers, (401, "unauthenticated"))


def test_an_ended_session_can_do_nothing_at_all(person: Callable[[str], Person]) -> None:
    alice = person("alice")
    assert alice.http.post("/auth/logout").status_code == 204
    answers = {_name(endpoint): _refusal(_call(alice.http, endpoint)) for endpoint in GUARDED}
    assert answers == dict.fromkeys(answers, (401, "session_ended"))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # HS512 wants a longer key
def test_no_forged_token_passes(anonymous: httpx.Client, person: Callable[[str], Person]) -> None:
    token = person("alice").access_token
    head, claims, signature = token.split(".")
    forged = {
        "no token": "nonsense",
        "three empty parts": "..",
        "binary": "\xff\xfe",
        "unsigned": _unsigned(token),
        "without its signature": f"{head}.{claims}.",
        "another signature": f"{head}.{claims}.{signature[::-1]}",
        "another key": _forged(token, key="another secret, which is long enough"),
        "another algorithm": _forged(token, header={"alg": "HS512"}),
        "an unknown key": _forged(token, header={"kid": "00000000"}),
        "a key that is no string": _forged(token, header={"kid": "['x']"}),
        "another issuer": _forged(token, iss="somebody else"),
        "another audience": _forged(token, aud="somebody else"),
        "expired": _forged(token, exp=int(time.time()) - 1),
        "without an end": _forged(token, exp=None),
        "without a session": _forged(token, sid=None),
        "without a subject": _forged(token, sub=None),
        "of nobody": _forged(token, sub="x"),
        "of a session that is none": _forged(token, sid="x"),
    }
    answers = {}
    for what, text in forged.items():
        header = f"Bearer {text}".encode("latin-1")
        answer = anonymous.get("/users/me", headers={b"Authorization": header})
        answers[what] = _refusal(answer)
    assert answers == dict.fromkeys(forged, (401, "unauthenticated"))


def test_a_good_signature_over_another_user_is_no_session(
    anonymous: httpx.Client, person: Callable[[str], Person]
) -> None:
    alice, bob = person("alice"), person("bob")
    for sub in (bob.id, 999_999):
        crossed = _forged(alice.access_token, sub=str(sub))
        answer = anonymous.get("/users/me", headers={"Authorization": f"Bearer {crossed}"})
        assert _refusal(answer) == (401, "session_ended")


def test_another_scheme_is_refused(anonymous: httpx.Client, person: Callable[[str], Person]) -> None:
    token = person("alice").access_token
    for header in (f"Basic {token}", f"Token {token}", f"BearerX {token}", token, "Bearer"):
        answer = anonymous.get("/users/me", headers={"Authorization": header})
        assert _refusal(answer) == (401, "unauthenticated"), header


def test_the_schemes_name_has_no_case(anonymous: httpx.Client, person: Callable[[str], Person]) -> None:
    answer = anonymous.get("/users/me", headers={"Authorization": f"bEARER {person('alice').access_token}"})
    assert answer.status_code == 200
