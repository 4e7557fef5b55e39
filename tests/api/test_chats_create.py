"""Making chats: the one private chat of two users, and groups."""

from typing import Any

import httpx

from tests.support.answers import at_once, refusal, refused_fields
from tests.support.people import Person, Register
from tests.support.server import Server


def _private(who: Person, *user_ids: int) -> httpx.Response:
    return who.http.post("/chats", json={"type": "private", "participantIds": user_ids})


def _group(who: Person, *user_ids: int, **more: Any) -> httpx.Response:
    return who.http.post("/chats", json={"type": "group", "name": "Friends", "participantIds": user_ids, **more})


def test_a_private_chat_is_made_once_and_found_again_from_both_sides(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    made = _private(alice, bob.id)
    assert made.status_code == 201
    chat = made.json()
    expected = {
        "type": "private",
        "name": None,
        "description": "",
        "avatarUrl": None,
        "createdBy": alice.id,
        "participantCount": 2,
        "lastSeq": 0,
        "updatedAt": chat["createdAt"],
        "lastMessage": None,
        "deliveredSeq": 0,
        "readSeq": 0,
        "unreadCount": 0,
    }
    assert chat.items() >= expected.items()
    marks = {"role": "member", "deliveredSeq": 0, "readSeq": 0, "joinedAt": chat["createdAt"]}
    for participant, user in zip(chat["participants"], (alice, bob), strict=True):
        assert participant.items() >= {"userId": user.id, **marks}.items()
    again = [
        _private(alice, bob.id),
        _private(bob, alice.id),
        _private(alice, bob.id, bob.id),
        _private(alice, alice.id, bob.id),
    ]
    assert [(answer.status_code, answer.json()["id"]) for answer in again] == [(200, chat["id"])] * 4
    assert again[0].json() == chat


def test_both_sides_at_once_make_one_chat(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    ears = bob.socket()
    answers = at_once(lambda number: _private(alice, bob.id) if number % 2 else _private(bob, alice.id), 20)
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    (chat,) = {answer.json()["id"] for answer in answers}
    assert server.sql("SELECT count(DISTINCT chat_id), count(*) FROM members") == [(1, 2)]
    ears.wait_for("chat:created", id=chat)
    server.settle()
    assert len(ears.events("chat:created")) == 1


def test_a_private_chat_takes_one_user(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    for user_ids in ([], [bob.id, carol.id], [alice.id, bob.id, carol.id]):
        assert refused_fields(_private(alice, *user_ids)) == [("participantIds", "wrong_length")]
    for user_id in (999_999, 2**53 - 1):
        assert refusal(_private(alice, user_id)) == (422, "unknown_user")
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(0,)]


def test_a_block_refuses_a_new_private_chat_and_leaves_the_old_one(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(carol)
    for blocked in (bob, carol):
        alice.http.put(f"/blocks/{blocked.id}")
    assert refusal(_private(alice, bob.id)) == (403, "blocked")
    assert refusal(_private(bob, alice.id)) == (403, "blocked")
    for who, other in ((alice, carol), (carol, alice)):
        found = _private(who, other.id)
        assert (found.status_code, found.json()["id"]) == (200, chat)
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(1,)]


def test_a_group_has_an_owner_and_members(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    made = _group(alice, carol.id, bob.id, bob.id, alice.id, name="Друзья", description="о жизни")
    assert made.status_code == 201
    chat = made.json()
    assert (chat["type"], chat["name"], chat["description"]) == ("group", "Друзья", "о жизни")
    assert (chat["createdBy"], chat["participantCount"]) == (alice.id, 3)
    roles = [(participant["userId"], participant["role"]) for participant in chat["participants"]]
    assert roles == [(alice.id, "owner"), (bob.id, "member"), (carol.id, "member")]
    assert _group(alice, carol.id, bob.id).json()["id"] != chat["id"], "groups of the same people are different"
    alone = _group(bob)
    assert (alone.status_code, alone.json()["participantCount"]) == (201, 1)


def test_a_group_has_a_largest_size(server: Server, person: Register) -> None:
    alice, *others = (person(name) for name in ("alice", "bob", "carol", "dave"))
    ids = [other.id for other in others]
    with server.settings(group_size=3):
        assert refusal(_group(alice, *ids)) == (422, "group_full")
        assert _group(alice, *ids[:2], ids[0], alice.id).status_code == 201
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(1,)]


def test_a_group_takes_nobody_unknown_and_nobody_blocked(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    assert refusal(_group(alice, bob.id, 999_999)) == (422, "unknown_user")
    alice.http.put(f"/blocks/{bob.id}")
    assert refusal(_group(alice, carol.id, bob.id)) == (403, "blocked")
    assert refusal(_group(bob, alice.id)) == (403, "blocked")
    assert server.sql("SELECT count(*) FROM chats WHERE created_by IS NOT NULL") == [(0,)]
    assert _group(carol, alice.id, bob.id).status_code == 201, "a third one may bring both together"


def test_names_come_back_as_they_were_given(person: Register) -> None:
    alice = person("alice")
    for name in ("x", "x" * 100, "😀" * 100, "  middle  "):
        chat = _group(alice, name=name, description=name * 10).json()
        assert (chat["name"], chat["description"]) == (name, name * 10)


def test_a_group_may_go_without_a_name(person: Register) -> None:
    alice = person("alice")
    for more in ({}, {"name": None}):
        answer = alice.http.post("/chats", json={"type": "group", "participantIds": [], **more})
        assert (answer.status_code, answer.json()["name"]) == (201, None)


BAD_BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "type", "missing"),
    ({"type": "group", "name": "x"}, "participantIds", "missing"),
    ({"type": "group", "participantIds": [], "name": ""}, "name", "wrong_length"),
    ({"type": "group", "participantIds": [], "name": " \n"}, "name", "wrong_form"),
    ({"type": "group", "participantIds": [], "name": "x" * 101}, "name", "wrong_length"),
    ({"type": "group", "participantIds": [], "name": "a\0b"}, "name", "forbidden_character"),
    ({"type": "group", "participantIds": [], "name": 5}, "name", "wrong_type"),
    ({"type": "group", "participantIds": [], "name": "x", "description": "x" * 1001}, "description", "wrong_length"),
    ({"type": "group", "participantIds": [], "name": "x", "description": None}, "description", "wrong_type"),
    ({"type": "public", "participantIds": []}, "type", "unknown_value"),
    ({"type": 1, "participantIds": []}, "type", "wrong_type"),
    ({"type": "private", "participantIds": 2}, "participantIds", "wrong_type"),
    ({"type": "private", "participantIds": ["2"]}, "participantIds[0]", "wrong_type"),
    ({"type": "private", "participantIds": [1, None]}, "participantIds[1]", "wrong_type"),
    ({"type": "private", "participantIds": [0]}, "participantIds[0]", "out_of_range"),
    ({"type": "private", "participantIds": [-2]}, "participantIds[0]", "out_of_range"),
    ({"type": "private", "participantIds": [2**53]}, "participantIds[0]", "out_of_range"),
    ({"type": "private", "participantIds": [10**40]}, "participantIds[0]", "out_of_range"),
    ({"type": "private", "participantIds": [1.5]}, "participantIds[0]", "wrong_type"),
    ({"type": "private", "participantIds": list(range(1, 1002))}, "participantIds", "wrong_length"),
    ({"type": "private", "participantIds": [2], "createdBy": 2}, "createdBy", "unknown_field"),
    ({"type": "private", "participantIds": [2], "role": "owner"}, "role", "unknown_field"),
]


def test_what_is_no_chat_is_refused_by_name(person: Register) -> None:
    alice = person("alice")
    answers = [alice.http.post("/chats", json=body) for body, _, _ in BAD_BODIES]
    assert [refused_fields(answer)[0] for answer in answers] == [(field, code) for _, field, code in BAD_BODIES]


def test_bodies_that_are_no_json(person: Register) -> None:
    alice = person("alice")
    for text in ("", "null", "[]", '"x"', "5"):
        content = alice.http.post("/chats", content=text, headers={"Content-Type": "application/json"})
        assert refusal(content) == (400, "invalid_input"), text
    for text in ("{", "{'type': 'group'}", '{"type": "\\ud800"}', "\x00", "\ufeff{}"):
        content = alice.http.post("/chats", content=text, headers={"Content-Type": "application/json"})
        assert refusal(content) == (400, "unreadable_body"), text
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"):
        content = alice.http.post("/chats", content="{}", headers={"Content-Type": media_type})
        assert refusal(content) == (415, "unsupported_media_type")


def test_a_long_name_of_a_field_does_not_come_back_whole(person: Register) -> None:
    answer = person("alice").http.post("/chats", json={"x" * 3_000_000: 1})
    assert refusal(answer) == (400, "invalid_input")
    assert len(answer.content) < 2000
