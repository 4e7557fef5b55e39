"""Contacts and blocks: one's address book, and whom one refuses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.people import Person


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def _contacts(who: Person, **query: Any) -> list[tuple[int, str | None]]:
    answer = who.http.get("/contacts", params=query)
    assert answer.status_code == 200, answer.text
    return [(contact["userId"], contact["name"]) for contact in answer.json()["contacts"]]


def _blocks(who: Person, **query: Any) -> list[int]:
    answer = who.http.get("/blocks", params=query)
    assert answer.status_code == 200, answer.text
    return [block["userId"] for block in answer.json()["blocks"]]


def test_a_contact_is_added_with_and_without_a_name(
    alice: Person, bob: Person, person: Callable[[str], Person]
) -> None:
    carol = person("carol")
    answer = alice.http.post("/contacts", json={"userId": bob.id, "name": "Боб из бара"})
    assert answer.status_code == 201
    seen = alice.http.get(f"/users/{bob.id}").json()
    assert answer.json() == {"userId": bob.id, "name": "Боб из бара", "user": seen}
    assert alice.http.post("/contacts", json={"userId": carol.id}).json()["name"] is None
    assert _contacts(alice) == [(bob.id, "Боб из бара"), (carol.id, None)]
    assert _contacts(bob) == []


def test_adding_again_is_as_once(alice: Person, bob: Person) -> None:
    statuses = [
        alice.http.post("/contacts", json={"userId": bob.id} | more).status_code
        for more in ({}, {"name": "Bobby"}, {}, {"name": None})
    ]
    assert statuses == [201, 200, 200, 200]
    assert _contacts(alice) == [(bob.id, "Bobby")]


def test_of_many_at_once_one_adds(alice: Person, bob: Person) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: alice.http.post("/contacts", json={"userId": bob.id}), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]


def test_an_idempotency_key_repeats_the_answer(alice: Person, bob: Person) -> None:
    headers = {"Idempotency-Key": "add-bob"}
    first = alice.http.post("/contacts", json={"userId": bob.id}, headers=headers)
    again = alice.http.post("/contacts", json={"userId": bob.id}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    other = alice.http.post("/contacts", json={"userId": bob.id, "name": "x"}, headers=headers)
    assert _refusal(other) == (422, "idempotency_key_reused")


def test_a_contact_is_renamed_and_forgotten(alice: Person, bob: Person) -> None:
    alice.http.post("/contacts", json={"userId": bob.id, "name": "Bobby"})
    renamed = alice.http.patch(f"/contacts/{bob.id}", json={"name": "Robert"})
    assert (renamed.status_code, renamed.json()["name"], renamed.json()["user"]["id"]) == (200, "Robert", bob.id)
    assert alice.http.patch(f"/contacts/{bob.id}", json={"name": None}).json()["name"] is None
    for _ in range(2):
        assert alice.http.delete(f"/contacts/{bob.id}").status_code == 204
    assert _contacts(alice) == []
    assert _refusal(alice.http.patch(f"/contacts/{bob.id}", json={"name": "x"})) == (404, "not_found")


def test_contacts_are_found_by_either_name(alice: Person, bob: Person, person: Callable[[str], Person]) -> None:
    carol = person("carol")
    alice.http.post("/contacts", json={"userId": bob.id, "name": "Сосед 100%"})
    alice.http.post("/contacts", json={"userId": carol.id})
    assert _contacts(alice, q="СОСЕД") == [(bob.id, "Сосед 100%")]
    assert _contacts(alice, q="bo") == [(bob.id, "Сосед 100%")]
    assert _contacts(alice, q="0%") == [(bob.id, "Сосед 100%")]
    assert _contacts(alice, q="ARO") == [(carol.id, None)]
    assert _contacts(alice, q="%") == [(bob.id, "Сосед 100%")]
    assert _contacts(alice, q="nobody") == []


@pytest.mark.parametrize("plural", ["contacts", "blocks"])
def test_both_lists_come_in_pages(alice: Person, person: Callable[[str], Person], plural: str) -> None:
    others = [person(f"user{number}") for number in range(3)]
    for other in others:
        if plural == "contacts":
            alice.http.post("/contacts", json={"userId": other.id})
        else:
            alice.http.put(f"/blocks/{other.id}")
    first = alice.http.get(f"/{plural}", params={"limit": 2}).json()
    assert set(first) == {plural, "hasMore", "nextCursor"}
    second = alice.http.get(f"/{plural}", params={"limit": 2, "cursor": first["nextCursor"]}).json()
    assert (first["hasMore"], second["hasMore"], second["nextCursor"]) == (True, False, None)
    assert [one["userId"] for one in first[plural] + second[plural]] == [other.id for other in others]


UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({}, "userId", "missing"),
    ({"userId": "1"}, "userId", "wrong_type"),
    ({"userId": 0}, "userId", "out_of_range"),
    ({"userId": -1}, "userId", "out_of_range"),
    ({"userId": 2**70}, "userId", "out_of_range"),
    ({"userId": 1.5}, "userId", "wrong_type"),
    ({"userId": 1, "name": ""}, "name", "wrong_length"),
    ({"userId": 1, "name": "x" * 101}, "name", "wrong_length"),
    ({"userId": 1, "name": "\0"}, "name", "forbidden_character"),
    ({"userId": 1, "ownerId": 2}, "ownerId", "unknown_field"),
]


def test_what_is_no_contact_is_refused_by_name(alice: Person) -> None:
    for body, field, code in UNFIT:
        answer = alice.http.post("/contacts", json=body)
        assert _refusal(answer) == (400, "invalid_input"), body
        (error,) = answer.json()["errors"]
        assert (error["field"], error["code"]) == (field, code), body
        assert error["message"]


def test_what_is_no_new_name_is_refused(alice: Person, bob: Person) -> None:
    alice.http.post("/contacts", json={"userId": bob.id, "name": "Bobby"})
    bodies: list[dict[str, Any]] = [{}, {"name": 1}, {"name": ""}, {"name": " "}, {"name": "x", "userId": 1}]
    for body in bodies:
        assert _refusal(alice.http.patch(f"/contacts/{bob.id}", json=body)) == (400, "invalid_input"), body
    assert _contacts(alice) == [(bob.id, "Bobby")]


def test_nobody_adds_or_blocks_themselves_or_nobody(alice: Person) -> None:
    assert _refusal(alice.http.post("/contacts", json={"userId": alice.id})) == (422, "not_yourself")
    assert _refusal(alice.http.put(f"/blocks/{alice.id}")) == (422, "not_yourself")
    assert _refusal(alice.http.post("/contacts", json={"userId": 999_999})) == (422, "unknown_user")
    assert _refusal(alice.http.put("/blocks/999999")) == (404, "not_found")
    assert alice.http.delete("/blocks/999999").status_code == 204
    assert (_contacts(alice), _blocks(alice)) == ([], [])


def test_what_is_no_user_id_is_refused(alice: Person) -> None:
    for user_id in ("0", "-1", "x", "9" * 30, "%00"):
        for path in ("/contacts", "/blocks"):
            answer = alice.http.delete(f"{path}/{user_id}")
            assert _refusal(answer) == (400, "invalid_input"), user_id
            assert answer.json()["errors"][0]["field"] == "user_id"


def test_a_block_is_set_and_taken_back(alice: Person, bob: Person) -> None:
    first = alice.http.put(f"/blocks/{bob.id}")
    assert first.status_code == 200
    assert set(first.json()) == {"userId", "createdAt", "user"}
    assert first.json()["user"] == alice.http.get(f"/users/{bob.id}").json()
    assert alice.http.put(f"/blocks/{bob.id}").json() == first.json()
    assert (_blocks(alice), _blocks(bob)) == ([bob.id], [])
    for _ in range(2):
        assert alice.http.delete(f"/blocks/{bob.id}").status_code == 204
    assert _blocks(alice) == []


def test_a_block_refuses_adding_in_both_directions(alice: Person, bob: Person) -> None:
    assert alice.http.put(f"/blocks/{bob.id}").status_code == 200
    assert _refusal(bob.http.post("/contacts", json={"userId": alice.id})) == (403, "blocked")
    assert _refusal(alice.http.post("/contacts", json={"userId": bob.id})) == (403, "blocked")
    assert bob.http.delete(f"/blocks/{alice.id}").status_code == 204  # it is not bob's to take back
    assert _refusal(bob.http.post("/contacts", json={"userId": alice.id})) == (403, "blocked")
    assert alice.http.delete(f"/blocks/{bob.id}").status_code == 204
    assert bob.http.post("/contacts", json={"userId": alice.id}).status_code == 201


def test_a_block_leaves_the_address_books_alone(alice: Person, bob: Person) -> None:
    bob.http.post("/contacts", json={"userId": alice.id, "name": "A"})
    alice.http.put(f"/blocks/{bob.id}")
    assert _contacts(bob) == [(alice.id, "A")]
    assert _refusal(bob.http.post("/contacts", json={"userId": alice.id, "name": "B"})) == (403, "blocked")
    assert _contacts(bob) == [(alice.id, "A")]
