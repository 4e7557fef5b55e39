"""Refresh tokens: each is good once, a lost answer can be asked for again, and a stolen one ends the session."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import msgspec
import pytest

from chalicelib.core import config
from chalicelib.features.accounts import refresh
from tests.support.people import Person
from tests.support.server import Server

_REFUSED = (401, "refresh_refused")


def _refresh(anonymous: httpx.Client, token: str) -> httpx.Response:
    return anonymous.post("/auth/refresh", json={"refreshToken": token})


def _next(anonymous: httpx.Client, token: str) -> str:
    answer = _refresh(anonymous, token)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["refreshToken"])


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _let_grace_pass(server: Server) -> None:
    server.sql("UPDATE sessions SET rotated_at = rotated_at - interval '1 hour'")


def test_a_refresh_answers_as_a_login_does(anonymous: httpx.Client, alice: Person) -> None:
    answer = _refresh(anonymous, alice.refresh_token)
    assert answer.status_code == 200
    admission = answer.json()
    assert set(admission) == {"user", "accessToken", "refreshToken", "token", "expiresIn"}
    assert admission["user"]["id"] == alice.id
    assert admission["refreshToken"] != alice.refresh_token
    bearer = {"Authorization": f"Bearer {admission['accessToken']}"}
    assert anonymous.get("/auth/verify", headers=bearer).status_code == 200


def test_a_chain_of_refreshes_stays_one_session(anonymous: httpx.Client, alice: Person) -> None:
    token = alice.refresh_token
    seen = {token}
    for _ in range(5):
        token = _next(anonymous, token)
        seen.add(token)
    assert len(seen) == 6
    assert len(alice.http.get("/auth/sessions").json()["sessions"]) == 1


def test_a_lost_answer_can_be_asked_for_again(anonymous: httpx.Client, alice: Person) -> None:
    first = _next(anonymous, alice.refresh_token)
    again = _next(anonymous, alice.refresh_token)
    assert again == first
    assert _next(anonymous, first) != first


def test_many_refreshes_at_once_get_the_same_successor(anonymous: httpx.Client, alice: Person) -> None:
    with ThreadPoolExecutor(8) as threads:
        successors = set(threads.map(lambda _: _next(anonymous, alice.refresh_token), range(8)))
    assert len(successors) == 1
    assert alice.http.get("/auth/verify").status_code == 200


def test_a_used_token_ends_the_session_after_the_grace(
    anonymous: httpx.Client, alice: Person, server: Server
) -> None:
    newest = _next(anonymous, alice.refresh_token)
    _let_grace_pass(server)
    assert _refusal(_refresh(anonymous, alice.refresh_token)) == _REFUSED
    assert _refusal(_refresh(anonymous, newest)) == _REFUSED
    assert _refusal(alice.http.get("/auth/verify")) == (401, "session_ended")


@pytest.mark.parametrize("steps", [2, 3, 7])
def test_an_older_token_ends_the_session_even_within_the_grace(
    anonymous: httpx.Client, alice: Person, steps: int
) -> None:
    newest = alice.refresh_token
    for _ in range(steps):
        newest = _next(anonymous, newest)
    assert _refusal(_refresh(anonymous, alice.refresh_token)) == _REFUSED
    assert _refusal(_refresh(anonymous, newest)) == _REFUSED


def test_no_grace_is_no_second_answer(anonymous: httpx.Client, alice: Person, server: Server) -> None:
    with server.settings(refresh_grace_seconds=0):
        _next(anonymous, alice.refresh_token)
        assert _refusal(_refresh(anonymous, alice.refresh_token)) == _REFUSED


def test_reuse_ends_one_session_and_no_other(anonymous: httpx.Client, alice: Person, server: Server) -> None:
    other = anonymous.post("/auth/refresh", json={"refreshToken": alice.refresh_token})
    bob = anonymous.post("/auth/register", json={"username": "bob", "password": "correct horse"}).json()
    _let_grace_pass(server)
    assert _refusal(_refresh(anonymous, alice.refresh_token)) == _REFUSED
    assert _refusal(_refresh(anonymous, other.json()["refreshToken"])) == _REFUSED
    assert _refresh(anonymous, bob["refreshToken"]).status_code == 200


def test_an_invented_token_of_a_known_family_ends_nothing(anonymous: httpx.Client, alice: Person) -> None:
    token = refresh.read(alice.refresh_token)
    assert token is not None
    invented = [
        msgspec.structs.replace(token, mac=bytes(32)),
        msgspec.structs.replace(token, generation=7),
        msgspec.structs.replace(token, generation=2**32 - 1),
        msgspec.structs.replace(token, family=bytes(16)),
    ]
    for forged in invented:
        assert _refusal(_refresh(anonymous, forged.text)) == _REFUSED
    assert alice.http.get("/auth/verify").status_code == 200
    assert _refresh(anonymous, alice.refresh_token).status_code == 200


def test_a_rotated_secret_logs_nobody_out(anonymous: httpx.Client, alice: Person, server: Server) -> None:
    lost = _next(anonymous, alice.refresh_token)
    secret = config.settings().jwt_secret
    with server.settings(jwt_secret="an entirely different secret, long enough", jwt_previous_secrets=(secret,)):
        assert _next(anonymous, alice.refresh_token) == lost
        newest = _next(anonymous, lost)
        assert alice.http.get("/auth/verify").status_code == 200
    # Even a secret that is no longer known at all does not end what is current.
    with server.settings(jwt_secret="a third secret, which never heard of the first", jwt_previous_secrets=()):
        assert _refresh(anonymous, newest).status_code == 200


def test_an_ended_or_expired_session_cannot_be_refreshed(
    anonymous: httpx.Client, person: Callable[[str], Person], server: Server
) -> None:
    alice, bob = person("alice"), person("bob")
    assert alice.http.post("/auth/logout").status_code == 204
    server.sql("UPDATE sessions SET expires_at = now() WHERE user_id = %s", bob.id)
    assert _refusal(_refresh(anonymous, alice.refresh_token)) == _REFUSED
    assert _refusal(_refresh(anonymous, bob.refresh_token)) == _REFUSED


def test_a_refresh_lengthens_the_session(anonymous: httpx.Client, alice: Person, server: Server) -> None:
    server.sql("UPDATE sessions SET expires_at = now() + interval '1 minute'")
    before = alice.http.get("/auth/sessions").json()["sessions"][0]["expiresAt"]
    _next(anonymous, alice.refresh_token)
    assert alice.http.get("/auth/sessions").json()["sessions"][0]["expiresAt"] > before


def test_what_was_never_a_token_is_refused_alike(anonymous: httpx.Client) -> None:
    for token in ("", "x", "x" * 70, "é" * 70, "../../etc/passwd", "' OR 1=1 --"):
        assert _refusal(_refresh(anonymous, token)) == _REFUSED


def test_an_access_token_does_not_refresh(anonymous: httpx.Client, alice: Person) -> None:
    answer = _refresh(anonymous, alice.access_token)
    assert answer.status_code in {400, 401}
    assert _refresh(anonymous, alice.refresh_token).status_code == 200


UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({}, "refreshToken", "missing"),
    ({"refreshToken": 7}, "refreshToken", "wrong_type"),
    ({"refreshToken": None}, "refreshToken", "wrong_type"),
    ({"refreshToken": "x" * 201}, "refreshToken", "wrong_length"),
    ({"refreshToken": "x\0"}, "refreshToken", "forbidden_character"),
    ({"refreshToken": "x", "userId": 1}, "userId", "unknown_field"),
]


def test_what_is_no_refresh_is_refused_by_name(anonymous: httpx.Client) -> None:
    for body, field, code in UNFIT:
        answer = anonymous.post("/auth/refresh", json=body)
        assert _refusal(answer) == (400, "invalid_input"), body
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code), body
        assert error["message"]
