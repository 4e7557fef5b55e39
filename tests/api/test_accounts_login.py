"""Logging in: by either name, without telling which names there are, and not too often."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from chalicelib.core import config
from tests.support.doctored import answering
from tests.support.people import PASSWORD
from tests.support.server import Server


@pytest.fixture
def alice(anonymous: httpx.Client) -> dict[str, Any]:
    given = {"username": "Alice", "email": "alice@example.org", "password": PASSWORD}
    answer = anonymous.post("/auth/register", json=given)
    assert answer.status_code == 201
    user: dict[str, Any] = answer.json()["user"]
    return user


def _log_in(anonymous: httpx.Client, password: str = PASSWORD, **name: Any) -> httpx.Response:
    return anonymous.post("/auth/login", json={"password": password, **name})


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def _without_request(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    return answer.status_code, answer.json() | {"requestId": ""}


def test_either_name_logs_in(anonymous: httpx.Client, alice: dict[str, Any]) -> None:
    for name in (
        {"username": "Alice"},
        {"username": "aLICE"},
        {"email": "Alice@EXAMPLE.org"},
        {"username": "alice@example.org"},
        {"email": "alice"},
    ):
        answer = _log_in(anonymous, **name)
        assert answer.status_code == 200, name
        admission = answer.json()
        assert set(admission) == {"user", "accessToken", "refreshToken", "token", "expiresIn"}
        assert admission["user"] == alice
        me = anonymous.get("/users/me", headers={"Authorization": f"Bearer {admission['token']}"})
        assert me.json() == alice


def test_every_login_is_a_session_of_its_own(anonymous: httpx.Client, alice: dict[str, Any]) -> None:
    tokens = {_log_in(anonymous, username="alice").json()["refreshToken"] for _ in range(3)}
    assert len(tokens) == 3


def test_a_session_remembers_its_device(anonymous: httpx.Client, alice: dict[str, Any]) -> None:
    given = {"username": "alice", "password": PASSWORD}
    answer = anonymous.post("/auth/login", json=given, headers={"User-Agent": "Phone/7 (arm64)"})
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    (session, first) = anonymous.get("/auth/sessions", headers=bearer).json()["sessions"]
    assert session["current"]
    assert not first["current"]
    assert session["userAgent"] == "Phone/7 (arm64)"
    assert session["address"] == "127.0.0.1"


def test_an_unknown_name_and_a_wrong_password_answer_alike(anonymous: httpx.Client, alice: dict[str, Any]) -> None:
    wrong = _log_in(anonymous, "wrong password", username="alice")
    unknown = _log_in(anonymous, "wrong password", username="nobody")
    assert _without_request(wrong) == _without_request(unknown)
    assert _refusal(wrong) == (401, "wrong_credentials")
    assert set(wrong.headers) == set(unknown.headers)


def test_every_failure_takes_one_check_at_the_configured_cost(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server
) -> None:
    names = (
        {"username": "alice"},
        {"email": "alice@example.org"},
        {"username": "nobody"},
        {"email": "nobody@example.org"},
        {"username": "not a name at all, % \\ ' \""},
        {"username": "a@b@c"},
    )
    with answering("bcrypt.checkpw", lambda *_: False) as (checks, preparation), server.prepared(preparation):
        for name, password in itertools.product(names, ("wrong password", "", "x" * 73, "я" * 5000)):
            checks.clear()
            assert _refusal(_log_in(anonymous, password, **name)) == (401, "wrong_credentials")
            ((given, kept),) = checks
            assert len(given) <= 72
            assert kept.startswith(f"$2b${config.settings().bcrypt_cost:02}$".encode())
            assert len(kept) == 60


def test_a_password_changed_while_it_is_checked_opens_nothing(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server
) -> None:
    def checkpw(_password: bytes, _kept: bytes) -> bool:
        server.sql("UPDATE users SET password_changed_at = now()")
        return True

    with answering("bcrypt.checkpw", checkpw) as (_, preparation), server.prepared(preparation):
        assert _refusal(_log_in(anonymous, username="alice")) == (401, "wrong_credentials")
    assert server.sql("SELECT count(*) FROM sessions") == [(1,)]


def test_many_logins_at_once_all_succeed_though_each_hashes_anew(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server
) -> None:
    with server.settings(bcrypt_cost=config.settings().bcrypt_cost + 1), ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: _log_in(anonymous, username="alice"), range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert _log_in(anonymous, username="alice").status_code == 200


def test_a_hash_of_a_lower_cost_is_made_anew(anonymous: httpx.Client, alice: dict[str, Any], server: Server) -> None:
    def kept() -> str:
        ((password_hash,),) = server.sql("SELECT password_hash FROM users")
        return str(password_hash)

    first = kept()
    assert _log_in(anonymous, username="alice").status_code == 200
    assert kept() == first
    with server.settings(bcrypt_cost=config.settings().bcrypt_cost + 1):
        assert _log_in(anonymous, "wrong password", username="alice").status_code == 401
        assert kept() == first
        assert _log_in(anonymous, username="alice").status_code == 200
    assert kept() != first
    assert kept()[:7] > first[:7]
    assert _log_in(anonymous, username="alice").status_code == 200


UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"password": PASSWORD}, "username", "missing"),
    ({"username": "", "password": PASSWORD}, "username", "missing"),
    ({"username": "alice"}, "password", "missing"),
    ({"username": 1, "password": PASSWORD}, "username", "wrong_type"),
    ({"username": "a" * 255, "password": PASSWORD}, "username", "wrong_length"),
    ({"email": ["a@b.c"], "password": PASSWORD}, "email", "wrong_type"),
    ({"username": "alice", "password": None}, "password", "wrong_type"),
    ({"username": "al\0ice", "password": PASSWORD}, "username", "forbidden_character"),
    ({"username": "alice", "password": "\0"}, "password", "forbidden_character"),
    ({"username": "alice", "password": PASSWORD, "otp": 1}, "otp", "unknown_field"),
]


def test_what_is_no_login_is_refused_by_name(anonymous: httpx.Client) -> None:
    for body, field, code in UNFIT:
        answer = anonymous.post("/auth/login", json=body)
        assert _refusal(answer) == (400, "invalid_input"), body
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code), body
        assert error["message"]


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_an_account_is_throttled_whether_it_exists_or_not(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server, name: str
) -> None:
    with server.settings(rate_limits=True, logins=3):
        for left in (2, 1, 0):
            answer = _log_in(anonymous, "wrong password", username=name)
            assert answer.status_code == 401
            assert answer.headers["ratelimit-policy"] == '"logins";q=3;w=60'
            assert answer.headers["ratelimit"] == f'"logins";r={left};t=20'
            _forget_address(server)
        refused = _log_in(anonymous, username=name.upper())
        assert _refusal(refused) == (429, "rate_limited")
        assert refused.json()["retryable"] is True
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.headers["ratelimit"] == f'"logins";r=0;t={refused.headers["retry-after"]}'


def test_an_address_is_throttled_whatever_names_it_tries(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server
) -> None:
    with server.settings(rate_limits=True, logins=3):
        for name in ("eve", "mallory", "trent"):
            assert _log_in(anonymous, username=name).status_code == 401
        assert _log_in(anonymous, username="alice").status_code == 429


def test_a_throttled_address_takes_nothing_from_an_account(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server
) -> None:
    with server.settings(rate_limits=True, logins=3):
        for _ in range(3):
            assert _log_in(anonymous, username="nobody").status_code == 401
        for _ in range(5):
            assert _log_in(anonymous, "wrong password", username="alice").status_code == 429
        _forget_address(server)
        assert _log_in(anonymous, username="alice").headers["ratelimit"].startswith('"logins";r=2')


def test_nobody_is_locked_out_where_they_logged_in_before(
    anonymous: httpx.Client, alice: dict[str, Any], server: Server
) -> None:
    with server.settings(rate_limits=True, logins=3):
        # For the service this is not where alice registered, and no header of a client's makes it another place.
        server.sql("UPDATE known_networks SET network = '192.0.2.1'")
        for number in range(3):
            claimed = {"X-Forwarded-For": f"192.0.2.{number}, 192.0.2.1", "Forwarded": "for=192.0.2.1"}
            tried = anonymous.post("/auth/login", json={"username": "alice", "password": "wrong"}, headers=claimed)
            assert tried.status_code == 401
        claimed = {"X-Forwarded-For": "192.0.2.1"}
        tried = anonymous.post("/auth/login", json={"username": "alice", "password": PASSWORD}, headers=claimed)
        assert tried.status_code == 429
        _forget_address(server)
        assert _log_in(anonymous, username="alice").status_code == 429, "the account's is spent for strangers"
        server.sql("UPDATE known_networks SET network = '127.0.0.1'")
        _forget_address(server)
        assert _log_in(anonymous, username="alice").status_code == 200


def test_a_throttled_login_checks_no_password(anonymous: httpx.Client, alice: dict[str, Any], server: Server) -> None:
    with (
        server.settings(rate_limits=True, logins=1),
        answering("bcrypt.checkpw", lambda *_: True) as (checks, preparation),
        server.prepared(preparation),
    ):
        assert _log_in(anonymous, username="alice").status_code == 200
        assert len(checks) == 1
        assert _log_in(anonymous, username="alice").status_code == 429
        assert len(checks) == 1, "checked for nothing"


def test_registering_is_throttled_by_address(anonymous: httpx.Client, server: Server) -> None:
    with server.settings(rate_limits=True, logins=1):
        for number in range(6):
            given = {"username": f"user{number}", "password": PASSWORD}
            answer = anonymous.post("/auth/register", json=given)
            assert answer.status_code == 201
            assert answer.headers["ratelimit-policy"] == '"registrations";q=6;w=60'
        answer = anonymous.post("/auth/register", json={"username": "user6", "password": PASSWORD})
        assert _refusal(answer) == (429, "rate_limited")
        assert int(answer.headers["retry-after"]) >= 1


def test_without_limits_nothing_is_counted(anonymous: httpx.Client, alice: dict[str, Any], server: Server) -> None:
    with server.settings(rate_limits=False, logins=1):
        for _ in range(3):
            answer = _log_in(anonymous, username="alice")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


def _forget_address(server: Server) -> None:
    """As though the next attempt came from elsewhere."""
    server.sql("DELETE FROM allowances WHERE starts_with(subject, 'login:address:')")
