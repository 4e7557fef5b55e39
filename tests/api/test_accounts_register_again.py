"""Registering with an `Idempotency-Key`: who lost the answer asks again, and is given the very same session."""

from typing import Any

import httpx
import pytest

from local.faults import Fault
from tests.support.answers import at_once, refusal, refused_fields
from tests.support.people import PASSWORD
from tests.support.server import JWT_SECRET, Server

REPLAYED = "Idempotent-Replayed"


def _register(anonymous: httpx.Client, key: str = "k1", **given: Any) -> httpx.Response:
    body = {"username": "alice", "password": PASSWORD, "email": "alice@example.org", **given}
    return anonymous.post("/auth/register", json=body, headers={"Idempotency-Key": key})


def _session(answer: httpx.Response) -> tuple[int, str]:
    return answer.json()["user"]["id"], answer.json()["refreshToken"]


def _whoami(anonymous: httpx.Client, answer: httpx.Response) -> str:
    token = answer.json()["accessToken"]
    me = anonymous.get("/users/me", headers={"Authorization": f"Bearer {token}"}).raise_for_status()
    return str(me.json()["username"])


def test_the_same_again_is_the_same_session(server: Server, anonymous: httpx.Client) -> None:
    first = _register(anonymous)
    assert (first.status_code, REPLAYED in first.headers) == (201, False)
    for _ in range(2):
        again = _register(anonymous)
        assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
        assert again.json().keys() == first.json().keys()
        assert _session(again) == _session(first)
        assert _whoami(anonymous, again) == "alice"
    assert server.sql("SELECT count(*) FROM sessions") == [(1,)]
    assert anonymous.post("/auth/refresh", json={"refreshToken": _session(first)[1]}).status_code == 200


def test_the_answer_may_get_lost(server: Server, anonymous: httpx.Client) -> None:
    server.faults.arm(Fault.KILL_AFTER, of="api_handler")
    assert _register(anonymous).status_code >= 500
    again = _register(anonymous)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    assert _whoami(anonymous, again) == "alice"


def test_of_many_at_once_one_makes_the_account(server: Server, anonymous: httpx.Client) -> None:
    answers = at_once(lambda _: _register(anonymous), 6)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({_session(answer) for answer in answers}) == 1
    assert sum(REPLAYED in answer.headers for answer in answers) == 5
    assert server.sql("SELECT count(*) FROM users WHERE username = 'alice'") == [(1,)]


@pytest.mark.parametrize(
    "other", [{"password": PASSWORD + "x"}, {"email": "other@example.org"}, {"firstName": "Alice"}], ids=str
)
def test_with_another_body_the_key_is_refused(anonymous: httpx.Client, other: dict[str, str]) -> None:
    assert _register(anonymous).status_code == 201
    assert refusal(_register(anonymous, **other)) == (422, "idempotency_key_reused")


def test_with_another_key_or_none_the_name_is_taken(anonymous: httpx.Client) -> None:
    assert _register(anonymous).status_code == 201
    assert refusal(_register(anonymous, key="k2")) == (409, "username_taken")
    body = {"username": "alice", "password": PASSWORD, "email": "alice@example.org"}
    assert refusal(anonymous.post("/auth/register", json=body)) == (409, "username_taken")


def test_another_name_may_come_with_the_same_key(anonymous: httpx.Client) -> None:
    assert _register(anonymous).status_code == 201
    bob = _register(anonymous, username="bob", email="bob@example.org")
    assert (bob.status_code, REPLAYED in bob.headers) == (201, False)
    assert refusal(_register(anonymous, username="carol")) == (409, "email_taken")


def test_the_key_serves_for_nothing_else_then(anonymous: httpx.Client) -> None:
    token = _register(anonymous).json()["accessToken"]
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k1"}
    group = anonymous.post("/chats", json={"type": "group", "name": "group", "participantIds": []}, headers=headers)
    assert refusal(group) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "since",
    [
        "UPDATE sessions SET ended_at = now()",
        "UPDATE sessions SET expires_at = now()",
        "UPDATE idempotency_keys SET created_at = now() - interval '24 hours'",
    ],
)
def test_a_session_that_is_over_is_not_given_again(server: Server, anonymous: httpx.Client, since: str) -> None:
    assert _register(anonymous).status_code == 201
    server.sql(since)
    assert refusal(_register(anonymous)) == (409, "username_taken")


def test_nor_is_one_that_was_refreshed(anonymous: httpx.Client) -> None:
    first = _register(anonymous)
    following = anonymous.post("/auth/refresh", json={"refreshToken": _session(first)[1]}).json()
    assert refusal(_register(anonymous)) == (409, "username_taken")
    still = anonymous.post("/auth/refresh", json={"refreshToken": following["refreshToken"]})
    assert still.status_code == 200, "the refusal ended nothing"


def test_a_repeat_takes_from_the_logins_of_the_name(server: Server, anonymous: httpx.Client) -> None:
    """Whoever knows the key must not find another place here to try out passwords."""
    with server.settings(rate_limits=True, logins=2):
        answers = [_register(anonymous)]
        answers += [_register(anonymous, password=f"{PASSWORD}{number}") for number in range(3)]
        answers.append(anonymous.post("/auth/login", json={"username": "alice", "password": PASSWORD}))
    assert [answer.status_code for answer in answers] == [201, 422, 422, 429, 429]


def test_a_name_that_was_given_up_is_not_taken_up_by_a_repeat(server: Server, anonymous: httpx.Client) -> None:
    _register(anonymous)
    server.sql("UPDATE users SET username = 'other', email = NULL")
    assert refusal(_register(anonymous)) == (422, "idempotency_key_reused")


def test_a_rotated_secret_does_not_matter(server: Server, anonymous: httpx.Client) -> None:
    first = _register(anonymous)
    with server.settings(jwt_secret="another " * 8, jwt_previous_secrets=(JWT_SECRET,)):
        again = _register(anonymous)
    assert (again.status_code, _session(again)) == (201, _session(first))


def test_what_is_no_key(anonymous: httpx.Client) -> None:
    assert refused_fields(_register(anonymous, key="x" * 201)) == [("Idempotency-Key", "wrong_form")]


def test_nothing_is_kept_that_tells_the_password(server: Server, anonymous: httpx.Client) -> None:
    """A plain digest of the body could be tried out against lists of passwords; this one needs the secret."""
    _register(anonymous)
    with server.settings(jwt_secret="another " * 8):
        _register(anonymous, username="alice2", email=None)
        server.sql("UPDATE users SET username = 'other', email = NULL WHERE username = 'alice'")
        assert _register(anonymous).status_code == 201
    first, *_, last = server.sql("SELECT fingerprint, answer FROM idempotency_keys ORDER BY created_at")
    assert first[0] != last[0]
    assert first[1] is None
