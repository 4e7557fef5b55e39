"""Roles: given, taken and handed over, and the last owner, whom a group keeps whatever happens at once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support.answers import at_once, bare, refusal, refused_fields
from tests.support.groups import changes, roles, set_role
from tests.support.people import Person, Register
from tests.support.server import Server


def _role(who: Person, chat: int, whose: Person, role: str) -> httpx.Response:
    return who.http.put(f"/chats/{chat}/participants/{whose.id}", json={"role": role})


def _leave(who: Person, chat: int) -> httpx.Response:
    return who.http.post(f"/chats/{chat}/leave")


def test_a_role_is_given_and_taken(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    assert refusal(bob.http.patch(f"/chats/{chat}", json={"name": "x"})) == (403, "forbidden")
    for role in ("admin", "owner", "member"):
        set_role(alice, chat, bob, role)
        assert roles(bob, chat) == {alice.id: "owner", bob.id: role}
        changed = bob.http.patch(f"/chats/{chat}", json={"name": role})
        assert changed.status_code == (403 if role == "member" else 200)


def test_the_same_role_again_changes_nothing(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    set_role(alice, chat, bob, "admin")
    before = alice.http.get(f"/chats/{chat}").json()
    _, cursor = changes(bob)
    set_role(alice, chat, bob, "admin")
    assert alice.http.get(f"/chats/{chat}").json() == before
    assert changes(bob, cursor)[0] == []


def test_admins_make_admins_and_step_down_themselves(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    set_role(alice, chat, bob, "admin")
    set_role(bob, chat, carol, "admin")
    assert refusal(_role(bob, chat, carol, "member")) == (403, "forbidden"), "nobody above a member but an owner can"
    set_role(carol, chat, carol, "member")
    assert refusal(_role(carol, chat, carol, "admin")) == (403, "forbidden")
    assert refusal(_role(carol, chat, carol, "member")) == (403, "forbidden")


def test_a_group_is_handed_over(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    assert refusal(_leave(alice, chat)) == (422, "last_owner")
    assert refusal(_role(alice, chat, alice, "admin")) == (422, "last_owner")
    set_role(alice, chat, bob, "owner")
    set_role(alice, chat, alice, "admin")
    assert roles(bob, chat) == {alice.id: "admin", bob.id: "owner"}
    assert refusal(_role(alice, chat, bob, "member")) == (403, "forbidden")
    assert refusal(_leave(bob, chat)) == (422, "last_owner")
    assert _leave(alice, chat).status_code == 204
    assert roles(bob, chat) == {bob.id: "owner"}


def test_an_owner_takes_the_role_of_another(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    set_role(alice, chat, bob, "owner")
    set_role(bob, chat, alice, "member")
    assert refusal(_role(alice, chat, bob, "member")) == (403, "forbidden")


def test_a_group_ends_with_its_last_member(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    assert _leave(bob, chat).status_code == 204
    assert _leave(alice, chat).status_code == 204
    assert server.sql("SELECT deleted_at IS NOT NULL FROM chats WHERE id = %s", chat) == [(True,)]
    assert refusal(_leave(alice, chat)) == (404, "not_found")
    assert refusal(alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id})) == (404, "not_found")


BAD_BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "role", "missing"),
    ({"role": None}, "role", "wrong_type"),
    ({"role": "king"}, "role", "unknown_value"),
    ({"role": "Owner"}, "role", "unknown_value"),
    ({"role": "own\0er"}, "role", "unknown_value"),
    ({"role": ["owner"]}, "role", "wrong_type"),
    ({"role": "owner", "userId": 1}, "userId", "unknown_field"),
]


def test_what_is_no_role_is_refused_by_name(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    path = f"/chats/{chat}/participants/{bob.id}"
    answers = [alice.http.patch(path, json=body) for body, _, _ in BAD_BODIES]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD_BODIES]
    assert roles(alice, chat)[bob.id] == "member"


# Two owners, and what each of them does at the same moment: one of the two can, and the group keeps an owner.
RACES: dict[str, tuple[Callable[[Person, Person, int], httpx.Response], int]] = {
    "both leave": (lambda me, _, chat: _leave(me, chat), 422),
    "both step down": (lambda me, _, chat: _role(me, chat, me, "member"), 422),
    "each unmakes the other": (lambda me, other, chat: _role(me, chat, other, "member"), 403),
    "each removes the other": (
        lambda me, other, chat: me.http.delete(f"/chats/{chat}/participants/{other.id}"),
        404,
    ),
}


@pytest.mark.parametrize("name", RACES)
def test_two_owners_at_once_leave_one(alice: Person, bob: Person, carol: Person, name: str) -> None:
    act, refused = RACES[name]
    for _ in range(8):
        chat = alice.chat_with(bob, carol, name="group")
        set_role(alice, chat, bob, "owner")

        def race(number: int, chat: int = chat) -> httpx.Response:
            me, other = (alice, bob)[number], (bob, alice)[number]
            return act(me, other, chat)

        answers = at_once(race, 2)
        first, second = sorted(answer.status_code for answer in answers)
        assert (first in {200, 204}, second) == (True, refused)
        assert list(roles(carol, chat).values()).count("owner") == 1


def test_many_owners_at_once_leave_one(alice: Person, person: Register) -> None:
    others = [person(f"user{number}") for number in range(7)]
    chat = alice.chat_with(*others, person("member"), name="group")
    for other in others:
        set_role(alice, chat, other, "owner")
    owners = [alice, *others]
    answers = at_once(lambda number: _leave(owners[number], chat), len(owners))
    assert sorted(answer.status_code for answer in answers) == [204] * 7 + [422]
    (kept,) = (owner for owner, answer in zip(owners, answers, strict=True) if answer.status_code == 422)
    assert roles(kept, chat)[kept.id] == "owner"
    assert len(roles(kept, chat)) == 2


def test_sync_tells_of_roles_and_of_who_leaves(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    cursors = {who.username: changes(who)[1] for who in (alice, bob, carol)}
    set_role(alice, chat, bob, "admin")
    for who in (alice, bob, carol):
        told, cursors[who.username] = changes(who, cursors[who.username])
        (updated,) = (event["data"] for event in told if event["type"] == "chat:updated")
        assert updated == bare(who.http.get(f"/chats/{chat}").json())
        assert {"userId": bob.id, "role": "admin"}.items() <= updated["participants"][1].items()
    assert _leave(carol, chat).status_code == 204
    assert [event["type"] for event in changes(carol, cursors["carol"])[0]] == ["chat:left"]
    (updated,) = (event["data"] for event in changes(bob, cursors["bob"])[0] if event["type"] == "chat:updated")
    assert updated["participantCount"] == 2
