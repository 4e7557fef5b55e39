"""Registering: what an account may be named, and what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bcrypt
import httpx

from local import check_names
from tests.support.people import PASSWORD, Person
from tests.support.server import Server

USER = {
    "id", "username", "email", "displayName", "firstName", "lastName", "avatarUrl", "status", "statusText",
    "lastSeenAt", "role", "createdAt",
}  # fmt: skip


def _register(anonymous: httpx.Client, **given: Any) -> httpx.Response:
    return anonymous.post("/auth/register", json={"username": "alice", "password": PASSWORD, **given})


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert PASSWORD not in answer.text
    return answer.status_code, answer.json()["code"]


def test_registering_answers_the_user_and_a_session(anonymous: httpx.Client) -> None:
    answer = _register(anonymous, email="Alice@Example.org", firstName="Алиса", lastName="Иванова")
    assert answer.status_code == 201
    admission = answer.json()
    assert set(admission) == {"user", "accessToken", "refreshToken", "token", "expiresIn"}
    assert admission["token"] != admission["accessToken"]
    assert admission["expiresIn"] == 900
    user = admission["user"]
    assert set(user) == USER
    assert user | {"id": 0, "createdAt": ""} == {
        "id": 0, "username": "alice", "email": "Alice@Example.org", "displayName": "Алиса Иванова",
        "firstName": "Алиса", "lastName": "Иванова", "avatarUrl": None, "status": "offline", "statusText": "",
        "lastSeenAt": None, "role": "user", "createdAt": "",
    }  # fmt: skip
    me = anonymous.get("/users/me", headers={"Authorization": f"Bearer {admission['accessToken']}"})
    assert me.json() == user


def test_a_username_alone_is_the_display_name_too(anonymous: httpx.Client) -> None:
    user = _register(anonymous).json()["user"]
    assert (user["displayName"], user["email"], user["firstName"]) == ("alice", None, "")


def test_only_a_bcrypt_hash_of_the_password_is_kept(anonymous: httpx.Client, server: Server) -> None:
    refresh_token = _register(anonymous).json()["refreshToken"]
    ((user, password_hash, session),) = server.sql(
        "SELECT users::text, password_hash, sessions::text FROM users JOIN sessions ON user_id = users.id"
    )
    assert password_hash.startswith("$2b$")
    assert PASSWORD not in user
    assert refresh_token not in session


def test_usernames_of_any_script_are_welcome(anonymous: httpx.Client) -> None:
    for username in ("bob", "Алиса_2", "a.b-c_d", "x" * 32, "李小龙", "123"):
        assert _register(anonymous, username=username).json()["user"]["username"] == username


def test_one_name_in_two_spellings_is_one_name(anonymous: httpx.Client) -> None:
    decomposed = "Андрей".replace("й", "и\u0306")
    assert _register(anonymous, username=decomposed).json()["user"]["username"] == "Андрей"
    assert _refusal(_register(anonymous, username="Андрей")) == (409, "username_taken")
    login = anonymous.post("/auth/login", json={"username": decomposed, "password": PASSWORD})
    assert login.status_code == 200


UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"username": "al"}, "username", "wrong_length"),
    ({"username": "x" * 33}, "username", "wrong_length"),
    ({"username": "al ice"}, "username", "wrong_form"),
    ({"username": "alice@example.org"}, "username", "wrong_form"),
    ({"username": "<b>alice</b>"}, "username", "wrong_form"),
    ({"username": "alice\n"}, "username", "wrong_form"),
    ({"username": "㎒" * 32}, "username", "wrong_form"),
    ({"username": "ali\0ce"}, "username", "forbidden_character"),
    ({"username": 7}, "username", "wrong_type"),
    ({"username": None}, "username", "wrong_type"),
    ({"password": "short"}, "password", "wrong_length"),
    ({"password": "x" * 73}, "password", "wrong_length"),
    ({"password": "я" * 37}, "password", "too_long"),
    ({"password": "correct\0horse"}, "password", "forbidden_character"),
    ({"password": ["x" * 8]}, "password", "wrong_type"),
    ({"email": "nobody"}, "email", "wrong_form"),
    ({"email": ""}, "email", "wrong_form"),
    ({"email": "a@b@example.org"}, "email", "wrong_form"),
    ({"email": "a@example.org\n"}, "email", "wrong_form"),
    ({"email": "a" * 250 + "@x.org"}, "email", "wrong_length"),
    ({"firstName": "x" * 101}, "firstName", "wrong_length"),
    ({"lastName": None}, "lastName", "wrong_type"),
    ({"role": "admin"}, "role", "unknown_field"),
    ({"id": 1}, "id", "unknown_field"),
    ({"createdAt": "2020-01-01T00:00:00.000Z"}, "createdAt", "unknown_field"),
]


def test_what_does_not_fit_is_refused_by_name(anonymous: httpx.Client) -> None:
    for change, field, code in UNFIT:
        answer = _register(anonymous, **change)
        assert _refusal(answer) == (400, "invalid_input"), change
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code), change
        assert error["message"]


def test_a_missing_field_is_named(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/auth/register", json={"username": "alice"})
    assert answer.json()["errors"][0] | {"message": ""} == {"field": "password", "code": "missing", "message": ""}


def test_a_body_that_is_no_registration_is_refused(anonymous: httpx.Client) -> None:
    for body in (b"", b"{", b"[]", b'"alice"', b"\xff\xfe", b'{"username":"\\ud800","password":"x"}'):
        answer = anonymous.post("/auth/register", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, body


def test_another_content_type_is_refused(anonymous: httpx.Client) -> None:
    answer = anonymous.post("/auth/register", data={"username": "alice", "password": PASSWORD})
    assert _refusal(answer) == (415, "unsupported_media_type")


def test_a_username_is_taken_without_regard_to_case(anonymous: httpx.Client) -> None:
    for username, same in (("alice", "ALICE"), ("Алиса", "аЛИСА")):
        assert _register(anonymous, username=username).status_code == 201
        for again in (username, same):
            assert _refusal(_register(anonymous, username=again)) == (409, "username_taken")


def test_an_email_is_taken_without_regard_to_case(anonymous: httpx.Client) -> None:
    assert _register(anonymous, email="a@example.org").status_code == 201
    assert _refusal(_register(anonymous, username="bob", email="A@EXAMPLE.ORG")) == (409, "email_taken")


def test_of_many_at_once_one_gets_the_name(anonymous: httpx.Client, server: Server) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: _register(anonymous), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert server.sql("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM sessions)") == [(1, 1)]


def test_a_taken_name_costs_no_hash(anonymous: httpx.Client, person: Callable[[str], Person], server: Server) -> None:
    person("alice")
    hashing_fails = {
        "target": "bcrypt.hashpw",
        "error": "builtins.AssertionError",
        "arguments": ["hashed for nothing"],
    }
    with server.prepared(("tests.support.doctored.fail", hashing_fails)):
        assert _refusal(_register(anonymous)) == (409, "username_taken")


def test_a_username_that_looks_like_another_one_is_taken(anonymous: httpx.Client) -> None:
    for username, alike in (("Admin_1", "adrnin_l"), ("сор", "cop"), ("scope", "ѕсоре"), ("Вова", "boba")):
        assert _register(anonymous, username=username).status_code == 201
        assert _refusal(_register(anonymous, username=alike)) == (409, "username_taken"), alike
    assert _register(anonymous, username="admit_1").status_code == 201


def test_names_of_several_alphabets_and_reserved_ones_are_refused(anonymous: httpx.Client) -> None:
    for username, code in (("аdmin", "wrong_form"), ("Search", "reserved"), ("system", "reserved")):
        answer = _register(anonymous, username=username)
        assert _refusal(answer) == (400, "invalid_input")
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("username", code)


def test_names_that_people_see_can_be_seen(anonymous: httpx.Client) -> None:
    user = _register(anonymous, firstName="Ali\u202ece", lastName="\u2066Smith\n").json()["user"]
    assert (user["firstName"], user["lastName"], user["displayName"]) == ("Alice", "Smith", "Alice Smith")
    answer = _register(anonymous, username="bob", firstName="\u200b\u2060")
    assert [error["field"] for error in answer.json()["errors"]] == ["firstName"]


def test_who_has_such_a_name_keeps_it_and_is_reported(anonymous: httpx.Client, server: Server) -> None:
    names = [("Admin", "Admin"), ("аdmin", "x"), ("system", "\u200b"), ("bob", "Bo\u202eb"), ("carol", "Carol")]
    for username, display_name in names:
        hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        server.sql(
            "INSERT INTO users (username, display_name, password_hash) VALUES (%s, %s, %s)",
            *(username, display_name, hashed),
        )
    for username, _ in names:
        login = anonymous.post("/auth/login", json={"username": username, "password": PASSWORD})
        assert (login.status_code, login.json()["user"]["username"]) == (200, username)
    told = "\n".join(check_names.report(server.database_url))
    assert told.count("\n") == 4
    for word in (
        "of several",
        "reserved",
        "visible",
        "how it reads",
        "look alike: 'Admin' (user 1), 'аdmin' (user 2)",
    ):
        assert word in told
    assert "carol" not in told
