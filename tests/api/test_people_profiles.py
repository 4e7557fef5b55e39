"""Profiles: who sees what, what can be changed, and the list of everybody."""

import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support import web
from tests.support.people import PASSWORD, Person
from tests.support.pictures import picture

OTHERS_SEE = {
    "id", "username", "displayName", "firstName", "lastName", "avatarUrl", "status", "statusText", "lastSeenAt",
    "role", "createdAt",
}  # fmt: skip


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def test_ones_own_email_is_for_oneself_only(alice: Person, person: Callable[[str], Person]) -> None:
    bob = person("bob")
    assert alice.http.patch("/users/me", json={"email": "alice@example.org"}).status_code == 200
    mine = alice.http.get("/users/me").json()
    assert set(mine) == OTHERS_SEE | {"email"}
    assert mine["email"] == "alice@example.org"
    assert alice.http.get(f"/users/{alice.id}").json() == mine
    seen = bob.http.get(f"/users/{alice.id}").json()
    assert set(seen) == OTHERS_SEE
    assert seen == {name: value for name, value in mine.items() if name != "email"}
    for path, plural in (("/users", "users"), ("/users/search?q=alice", "users")):
        (listed,) = (user for user in bob.http.get(path).json()[plural] if user["id"] == alice.id)
        assert listed == seen


def test_times_are_utc_with_milliseconds(alice: Person) -> None:
    created = alice.http.get("/users/me").json()["createdAt"]
    assert len(created) == len("2026-01-01T00:00:00.000Z")
    assert created.endswith("Z")


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_is_sent_changes_and_the_rest_stays(alice: Person, method: str) -> None:
    change = {
        "displayName": "Алиса ⭐",
        "firstName": "Алиса",
        "lastName": "",
        "email": "alice@example.org",
        "statusText": "в отпуске",
    }
    before = alice.http.get("/users/me").json()
    answer = alice.http.request(method, "/users/me", json=change)
    assert answer.status_code == 200
    assert answer.json() == before | change
    assert alice.http.request(method, "/users/me", json={"firstName": "A"}).json() == before | change | {
        "firstName": "A"
    }
    assert alice.http.request(method, "/users/me", json={}).json()["firstName"] == "A"
    assert alice.http.get("/users/me").json() == before | change | {"firstName": "A"}


def test_avatar_and_email_can_be_taken_away(alice: Person) -> None:
    alice.http.patch("/users/me", json={"avatarId": picture(alice), "email": "a@example.org"})
    cleared = alice.http.patch("/users/me", json={"avatarUrl": None, "email": None}).json()
    assert (cleared["avatarUrl"], cleared["email"]) == (None, None)


def test_an_email_belongs_to_one_person(alice: Person, person: Callable[[str], Person]) -> None:
    bob = person("bob")
    assert alice.http.patch("/users/me", json={"email": "a@example.org"}).status_code == 200
    assert _refusal(bob.http.patch("/users/me", json={"email": "A@EXAMPLE.org"})) == (409, "email_taken")
    assert alice.http.patch("/users/me", json={"email": "A@example.org"}).status_code == 200
    assert bob.http.get("/users/me").json()["email"] is None


UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"displayName": ""}, "displayName", "wrong_length"),
    ({"displayName": " \t"}, "displayName", "wrong_form"),
    ({"displayName": "x" * 101}, "displayName", "wrong_length"),
    ({"displayName": None}, "displayName", "wrong_type"),
    ({"displayName": "a\0b"}, "displayName", "forbidden_character"),
    ({"firstName": 7}, "firstName", "wrong_type"),
    ({"lastName": "x" * 101}, "lastName", "wrong_length"),
    ({"statusText": "x" * 201}, "statusText", "wrong_length"),
    ({"avatarUrl": "javascript:alert(1)"}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": "data:image/png;base64,AA"}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": "//example.org/a.png"}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": 'https://x.org/"onload=alert(1)'}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": "https://x.org/" + "a" * 2048}, "avatarUrl", "wrong_length"),
    ({"email": "nobody"}, "email", "wrong_form"),
    ({"username": "mal lory"}, "username", "wrong_form"),
    ({"role": "admin"}, "role", "unknown_field"),
    ({"id": 1}, "id", "unknown_field"),
    ({"status": "online"}, "status", "unknown_field"),
    ({"display_name": "x"}, "display_name", "unknown_field"),
]


def test_what_does_not_fit_is_refused_by_name(alice: Person) -> None:
    before = alice.http.get("/users/me").json()
    for change, field, code in UNFIT:
        answer = alice.http.patch("/users/me", json=change)
        assert _refusal(answer) == (400, "invalid_input"), change
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code), change
        assert _refusal(alice.http.put("/users/me", json=change)) == (400, "invalid_input"), change
    assert alice.http.get("/users/me").json() == before


def test_a_body_that_is_no_object_is_refused(alice: Person) -> None:
    for body in (b"{", b"[]", b"7", b'{"displayName":"\\udc00"}'):
        assert alice.http.patch("/users/me", content=body).status_code == 400, body


def test_an_unchanged_profile_is_not_sent_again(alice: Person) -> None:
    for path in ("/users/me", f"/users/{alice.id}"):
        first = alice.http.get(path)
        again = alice.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    alice.http.patch("/users/me", json={"statusText": "new"})
    changed = alice.http.get("/users/me", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


def test_an_unknown_user_is_not_found(alice: Person) -> None:
    assert _refusal(alice.http.get("/users/999999")) == (404, "not_found")


def test_what_is_no_user_id_is_refused(alice: Person) -> None:
    for user_id in ("0", "-1", "x", "1.5", "9" * 30, "9007199254740993", "%00"):
        answer = alice.http.get(f"/users/{user_id}")
        assert _refusal(answer) == (400, "invalid_input"), user_id
        assert answer.json()["errors"][0]["field"] == "user_id"


def test_everybody_is_listed_in_pages(alice: Person, person: Callable[[str], Person]) -> None:
    everybody = [alice.id, *(person(f"user{number}").id for number in range(4))]
    first = alice.http.get("/users", params={"limit": 2}).json()
    assert set(first) == {"users", "hasMore", "nextCursor"}
    assert first["hasMore"] is True
    second = alice.http.get("/users", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    third = alice.http.get("/users", params={"limit": 2, "cursor": second["nextCursor"]}).json()
    assert (third["hasMore"], third["nextCursor"]) == (False, None)
    assert [user["id"] for page in (first, second, third) for user in page["users"]] == everybody
    assert [user["id"] for user in alice.http.get("/users").json()["users"]] == everybody


def test_what_is_no_page_is_refused_by_name(alice: Person) -> None:
    queries: list[dict[str, Any]] = [
        {"limit": 0},
        {"limit": 101},
        {"limit": -1},
        {"limit": "x"},
        {"limit": "9" * 30},
        {"cursor": "nonsense"},
        {"cursor": "WyJhIl0"},
        {"cursor": "WzkwMDcxOTkyNTQ3NDA5OTNd"},
        {"cursor": "x" * 201},
        {"offset": 1},
    ]
    for path, query in itertools.product(("/users", "/contacts", "/blocks"), queries):
        answer = alice.http.get(path, params=query)
        assert _refusal(answer) == (400, "invalid_input"), query
        assert answer.json()["errors"][0]["field"] == next(iter(query))


def test_a_username_changes_by_the_rules_of_registration(alice: Person, person: Callable[[str], Person]) -> None:
    """A name that looks like somebody's is taken, too."""
    bob = person("bob")

    def changed(name: str) -> tuple[int, Any]:
        answer = alice.http.patch("/users/me", json={"username": name})
        return answer.status_code, answer.json().get("code") or answer.json()["username"]

    for taken in ("bob", "BOB", "b0b"):
        assert changed(taken) == (409, "username_taken"), taken
    for wrong in ("a", "a b", "x" * 33, "system", "аdmin"):
        assert changed(wrong) == (400, "invalid_input"), wrong
    assert changed("Alice") == (200, "Alice"), "one's own name in another spelling is not taken"
    assert changed("\u0438\u0306од") == (200, "йод"), "one spelling is kept"
    assert bob.http.get(f"/users/{alice.id}").json()["username"] == "йод"
    with web.client(str(alice.http.base_url)) as client:
        for name, status in (("ЙОД", 200), ("alice", 401)):
            answer = client.post("/auth/login", json={"username": name, "password": PASSWORD})
            assert answer.status_code == status, name
    assert person("alice").id != alice.id, "the old name is free"
