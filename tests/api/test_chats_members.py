"""Members of a group: adding, removing, leaving, and what is left to who has gone."""

from typing import Any

import httpx

from tests.support.answers import at_once, refusal, refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server


def _add(who: Person, chat: int, *user_ids: int) -> httpx.Response:
    return who.http.post(f"/chats/{chat}/participants", json={"userIds": user_ids})


def _remove(who: Person, chat: int, user_id: int) -> httpx.Response:
    return who.http.delete(f"/chats/{chat}/participants/{user_id}")


def _make(server: Server, role: str, *people: Person) -> None:
    for someone in people:
        server.sql("UPDATE members SET role = %s WHERE user_id = %s", role, someone.id)


def _roles(server: Server, chat: int) -> dict[int, str]:
    return dict(server.sql("SELECT user_id, role FROM members WHERE chat_id = %s", chat))


def test_one_or_several_are_added(server: Server, alice: Person, bob: Person, person: Register) -> None:
    chat = alice.chat_with(name="group")
    others = [person(f"user{number}") for number in range(4)]
    one = alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id})
    assert (one.status_code, one.json()["participantCount"]) == (200, 2)
    both = {"userId": others[0].id, "userIds": [others[1].id, others[1].id]}
    assert alice.http.post(f"/chats/{chat}/participants", json=both).json()["participantCount"] == 4
    assert _add(alice, chat, others[2].id, others[3].id).json()["participantCount"] == 6
    expected = dict.fromkeys([bob.id, *(other.id for other in others)], "member")
    assert _roles(server, chat) == {alice.id: "owner", **expected}
    assert alice.http.get(f"/chats/{chat}").json()["updatedAt"] > one.json()["createdAt"]


def test_adding_again_changes_nothing(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    _make(server, "admin", bob)
    alice.send(chat, "unread")
    assert _add(alice, chat, bob.id, alice.id).status_code == 200
    assert _roles(server, chat) == {alice.id: "owner", bob.id: "admin"}
    assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == 1


def test_newcomers_find_the_history_and_have_nothing_unread(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(name="group")
    before = alice.send(chat, "before")["seq"]
    shown = _add(alice, chat, bob.id).json()
    marks = (shown["lastSeq"], shown["unreadCount"], shown["readSeq"])
    assert marks == (before + 1, 0, before), "as the one who adds sees it"
    seen = bob.http.get(f"/chats/{chat}").json()
    assert (seen["unreadCount"], seen["readSeq"], seen["lastMessage"]["content"]) == (
        0,
        before + 1,
        "alice added bob",
    )
    alice.send(chat, "after")
    assert [message["content"] for message in bob.history(chat)] == ["after", "before"]
    assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == 1


def test_owners_and_admins_add_and_nobody_else(
    server: Server, alice: Person, bob: Person, carol: Person, person: Register
) -> None:
    dave = person("dave")
    chat, private = alice.chat_with(bob, name="group"), alice.chat_with(bob)
    assert refusal(_add(bob, chat, carol.id)) == (403, "forbidden")
    assert refusal(_add(carol, chat, carol.id)) == (404, "not_found"), "nobody lets themselves in"
    assert refusal(_add(alice, private, carol.id)) == (422, "not_a_group")
    assert told(_add(carol, chat, dave.id)) == told(_add(carol, 999_999, dave.id))
    _make(server, "admin", bob)
    assert _add(bob, chat, carol.id).status_code == 200


def test_unknown_and_blocked_users_are_not_added(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(name="group")
    assert refusal(_add(alice, chat, bob.id, 999_999)) == (422, "unknown_user")
    bob.http.put(f"/blocks/{alice.id}")
    assert refusal(_add(alice, chat, carol.id, bob.id)) == (403, "blocked")
    assert _roles(server, chat) == {alice.id: "owner"}, "all of them or nobody"


def test_a_group_never_outgrows_its_limit(server: Server, alice: Person, person: Register) -> None:
    chat = alice.chat_with(name="group")
    others = [person(f"user{number}") for number in range(8)]
    with server.settings(group_size=5):
        assert refusal(_add(alice, chat, *(other.id for other in others[:5]))) == (422, "group_full")
        answers = at_once(lambda number: _add(alice, chat, others[number].id), 8)
        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [422] * 4
        assert _add(alice, chat, alice.id).status_code == 200, "who is a member needs no room"
    assert len(_roles(server, chat)) == 5


BAD_BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "userIds", "missing"),
    ({"userIds": []}, "userIds", "missing"),
    ({"userId": None}, "userIds", "missing"),
    ({"userId": "2"}, "userId", "wrong_type"),
    ({"userId": 0}, "userId", "out_of_range"),
    ({"userIds": [1, -1]}, "userIds[1]", "out_of_range"),
    ({"userIds": list(range(1, 1002))}, "userIds", "wrong_length"),
    ({"userId": 2, "role": "owner"}, "role", "unknown_field"),
]


def test_what_names_nobody_is_refused_by_name(alice: Person) -> None:
    chat = alice.chat_with(name="group")
    answers = [alice.http.post(f"/chats/{chat}/participants", json=body) for body, _, _ in BAD_BODIES]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD_BODIES]


def test_owners_remove_anybody_and_admins_remove_members(
    server: Server, alice: Person, bob: Person, carol: Person, person: Register
) -> None:
    dave = person("dave")
    chat = alice.chat_with(bob, carol, dave, name="group")
    _make(server, "admin", bob, carol)
    for removed in (alice, carol):
        assert refusal(_remove(bob, chat, removed.id)) == (403, "forbidden")
    assert refusal(_remove(dave, chat, bob.id)) == (403, "forbidden")
    assert refusal(_remove(alice, chat, 999_999)) == (404, "not_found")
    assert _remove(bob, chat, dave.id).status_code == 204
    assert refusal(_remove(bob, chat, dave.id)) == (404, "not_found")
    assert _remove(alice, chat, carol.id).status_code == 204
    assert _roles(server, chat) == {alice.id: "owner", bob.id: "admin"}


def test_strangers_remove_nobody(alice: Person, bob: Person, carol: Person) -> None:
    group, private = alice.chat_with(bob, name="group"), alice.chat_with(bob)
    for user_id in (alice.id, carol.id):
        assert told(_remove(carol, group, user_id)) == told(_remove(carol, 999_999, user_id))
    for user_id in (alice.id, bob.id):
        assert refusal(_remove(alice, private, user_id)) == (422, "not_a_group")


def test_a_group_keeps_an_owner_while_it_has_members(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    assert refusal(_remove(alice, chat, alice.id)) == (422, "last_owner")
    _make(server, "owner", bob)
    answers = at_once(lambda number: _remove((alice, bob)[number], chat, (alice, bob)[number].id), 2)
    assert sorted(answer.status_code for answer in answers) == [204, 422], "both leave at once"
    assert sorted(_roles(server, chat).values()) == ["member", "owner"]
    owner = alice if alice.id in _roles(server, chat) else bob
    assert _remove(carol, chat, carol.id).status_code == 204
    assert _remove(owner, chat, owner.id).status_code == 204, "the last one may leave"
    assert _roles(server, chat) == {}


def test_who_is_removed_can_read_nothing_until_they_are_back(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    message = alice.send(chat, "secret")["id"]
    assert _remove(alice, chat, bob.id).status_code == 204
    secret = alice.send(chat, "more secret")["seq"]
    refusals = [
        bob.http.get(f"/chats/{chat}"),
        bob.http.get(f"/chats/{chat}/messages"),
        bob.http.get(f"/messages/chat/{chat}"),
        bob.http.get(f"/messages/{message}"),
        bob.http.post("/messages", json={"chatId": chat, "content": "hello?"}),
        bob.http.post(f"/chats/{chat}/read", json={}),
        bob.http.post(f"/messages/chat/{chat}/read"),
        bob.http.patch(f"/chats/{chat}", json={"name": "mine"}),
        _add(bob, chat, bob.id),
        _remove(bob, chat, bob.id),
        _remove(bob, chat, alice.id),
    ]
    assert {refusal(answer) for answer in refusals} == {(404, "not_found")}
    assert bob.http.get("/chats").json()["chats"] == []

    assert _add(alice, chat, bob.id).status_code == 200
    back = bob.http.get(f"/chats/{chat}").json()
    assert (back["lastMessage"]["content"], back["unreadCount"]) == ("alice added bob", 0)
    assert bob.history(chat)[0]["content"] == "more secret"
    assert bob.send(chat, "thanks")["seq"] == secret + 2


def test_changes_at_once_end_in_one_truth(server: Server, alice: Person, person: Register) -> None:
    others = [person(f"user{number}") for number in range(4)]
    chat = alice.chat_with(*others[:2], name="group")
    work = [
        lambda: _add(alice, chat, others[2].id),
        lambda: _add(alice, chat, others[2].id, others[3].id),
        lambda: _remove(alice, chat, others[0].id),
        lambda: _remove(others[0], chat, others[0].id),
        lambda: _remove(others[1], chat, others[1].id),
        lambda: _add(alice, chat, others[3].id),
    ]
    statuses = [answer.status_code for answer in at_once(lambda number: work[number](), len(work))]
    assert statuses[:2] + statuses[4:] == [200, 200, 204, 200]
    assert sorted(statuses[2:4]) == [204, 404]
    assert set(_roles(server, chat)) == {alice.id, others[2].id, others[3].id}
    assert alice.http.get(f"/chats/{chat}").json()["participantCount"] == 3
