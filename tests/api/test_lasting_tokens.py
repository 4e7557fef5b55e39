"""`token`: for clients that know of no refresh. It lives for days, and no longer than its session."""

from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.support.answers import refusal
from tests.support.people import PASSWORD, Person
from tests.support.reference import Client, client
from tests.support.server import Server

DAY = 24 * 60 * 60


def _lives(token: str) -> int:
    claims = jwt.decode(token, options={"verify_signature": False})
    return int(claims["exp"] - claims["iat"])


@pytest.fixture
def session(anonymous: httpx.Client) -> dict[str, Any]:
    answer = anonymous.post("/auth/register", json={"username": "alice", "password": PASSWORD})
    admission: dict[str, Any] = answer.raise_for_status().json()
    return admission


@pytest.fixture
def alice(server: Server, session: dict[str, Any]) -> Client:
    lasting = client(server)
    lasting.log_in_with(session["token"])
    return lasting


def test_every_way_to_a_session_gives_one(anonymous: httpx.Client, session: dict[str, Any]) -> None:
    logged_in = anonymous.post("/auth/login", json={"username": "alice", "password": PASSWORD}).json()
    refreshed = anonymous.post("/auth/refresh", json={"refreshToken": session["refreshToken"]}).json()
    for admission in (session, logged_in, refreshed):
        assert (_lives(admission["token"]), _lives(admission["accessToken"])) == (7 * DAY, 900)
        assert admission["expiresIn"] == 900


def test_its_client_stays_logged_in_for_days(server: Server, session: dict[str, Any], alice: Client) -> None:
    with server.ahead(6 * DAY):
        alice.ask("GET /api/users/me")
        alice.log_in_with(session["accessToken"])
        assert refusal(alice.answer("GET /api/users/me")) == (401, "unauthenticated")
    with server.ahead(8 * DAY):
        alice.log_in_with(session["token"])
        assert refusal(alice.answer("GET /api/users/me")) == (401, "unauthenticated")


def test_the_setting_says_for_how_long(server: Server, anonymous: httpx.Client, session: dict[str, Any]) -> None:
    with server.settings(jwt_expires_in="36h"):
        logged_in = anonymous.post("/auth/login", json={"username": "alice", "password": PASSWORD}).json()
    assert _lives(logged_in["token"]) == 36 * 60 * 60


def test_it_ends_with_its_session_at_once(alice: Client) -> None:
    alice.ask("POST /api/auth/logout", {}, status=204)
    assert refusal(alice.answer("GET /api/users/me")) == (401, "session_ended")


def test_nor_does_it_open_a_socket_of_an_ended_session(
    server: Server, session: dict[str, Any], alice: Client, person: Callable[[str], Person]
) -> None:
    alice.ask("POST /api/auth/logout", {}, status=204)
    # Long after the end of what had been its short access token.
    with server.ahead(2 * 60 * 60), pytest.raises(Exception, match="HTTP 401"):
        Person(
            id=session["user"]["id"],
            username="alice",
            access_token=session["token"],
            refresh_token="",
            http=alice.http,
            socket_url=server.socket_url,
        ).socket()
