"""Changing a group: who may, what can be changed, and what stays."""

from typing import Any

from tests.support.answers import refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server

CHANGES = [
    {"name": "Новое имя"},
    {"description": "d" * 1000},
    {"description": ""},
    {"avatarUrl": None},
    {"name": "n", "description": "d"},
]


def test_owners_and_admins_change_each_field(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="before")
    server.sql("UPDATE members SET role = 'admin' WHERE user_id = %s", bob.id)
    known = alice.http.get(f"/chats/{chat}").json()
    for who in (alice, bob):
        for change in CHANGES:
            answer = who.http.patch(f"/chats/{chat}", json=change)
            assert answer.status_code == 200
            changed = answer.json()
            assert changed["updatedAt"] > known["updatedAt"]
            told = {"updatedAt": changed["updatedAt"], **{name: changed[name] for name in ("lastSeq", "lastMessage")}}
            expected = known | change | told
            known = bob.http.get(f"/chats/{chat}").json()
            assert {name: known[name] for name in expected} == expected
            assert {name: changed[name] for name in ("name", "description", "avatarUrl")} == {
                name: known[name] for name in ("name", "description", "avatarUrl")
            }


def test_the_other_members_hear_of_it(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="before")
    ears = bob.socket()
    alice.http.patch(f"/chats/{chat}", json={"name": "after", "description": "why"})
    heard = ears.wait_for("chat:updated", id=chat)["data"]
    assert (heard["name"], heard["description"]) == ("after", "why")
    assert "unreadCount" not in heard, "what differs between the members is not in an event for all of them"


def test_members_and_strangers_change_nothing(alice: Person, bob: Person, person: Register) -> None:
    mallory = person("mallory")
    group, private = alice.chat_with(bob, name="before"), alice.chat_with(bob)
    assert refusal(bob.http.patch(f"/chats/{group}", json={"name": "x"})) == (403, "forbidden")
    assert refusal(mallory.http.patch(f"/chats/{group}", json={"name": "x"})) == (404, "not_found")
    assert refusal(alice.http.patch("/chats/999999", json={"name": "x"})) == (404, "not_found")
    assert refusal(alice.http.patch(f"/chats/{private}", json={"name": "x"})) == (422, "not_a_group")
    assert alice.http.get(f"/chats/{group}").json()["name"] == "before"
    assert alice.http.get(f"/chats/{private}").json()["name"] is None


BAD_CHANGES: list[tuple[dict[str, Any], str, str]] = [
    ({"name": None}, "name", "wrong_type"),
    ({"name": ""}, "name", "wrong_length"),
    ({"name": "\t"}, "name", "wrong_form"),
    ({"name": "x" * 101}, "name", "wrong_length"),
    ({"name": "\0"}, "name", "forbidden_character"),
    ({"description": None}, "description", "wrong_type"),
    ({"description": "x" * 1001}, "description", "wrong_length"),
    ({"avatarUrl": "javascript:alert(1)"}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": "data:text/html,x"}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": 'https://x" onerror="alert(1)'}, "avatarUrl", "wrong_form"),
    ({"avatarUrl": "https://" + "x" * 2048}, "avatarUrl", "wrong_length"),
    ({"type": "private"}, "type", "unknown_field"),
    ({"createdBy": 1}, "createdBy", "unknown_field"),
    ({"name": "x", "role": "owner"}, "role", "unknown_field"),
]


def test_what_is_no_change_is_refused_by_name(alice: Person) -> None:
    chat = alice.chat_with(name="before")
    answers = [alice.http.patch(f"/chats/{chat}", json=change) for change, _, _ in BAD_CHANGES]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD_CHANGES]
    assert alice.http.get(f"/chats/{chat}").json()["name"] == "before"
