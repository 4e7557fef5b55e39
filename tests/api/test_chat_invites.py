"""Invites: links that lead into a group as long, and as often, as their maker wants."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.answers import at_once, refusal, refused_fields
from tests.support.groups import changes, invite, roles, set_role
from tests.support.people import Person, Register
from tests.support.server import Server


def _join(who: Person, token: str) -> httpx.Response:
    return who.http.post(f"/invites/{token}/join")


def _listed(who: Person, chat: int, **query: Any) -> list[dict[str, Any]]:
    invites: list[dict[str, Any]] = who.http.get(f"/chats/{chat}/invites", params=query).json()["invites"]
    return invites


def _in(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def test_an_invite_leads_into_its_group(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(name="Friends")
    alice.send(chat, "before bob")
    made = invite(alice, chat)
    assert len(made["token"]) == 22
    unlimited = {"expiresAt": None, "maxUses": None, "uses": 0, "isOpen": True}
    assert made.items() >= {"chatId": chat, "createdBy": alice.id, **unlimited}.items()

    shown = bob.http.get(f"/invites/{made['token']}").json()
    assert (shown["id"], shown["name"], shown["participantCount"], shown["isMember"]) == (chat, "Friends", 1, False)
    assert "participants" not in shown
    _, cursor = changes(bob)
    joined = _join(bob, made["token"])
    assert joined.status_code == 200
    assert joined.json() == bob.http.get(f"/chats/{chat}").json()
    assert joined.json()["unreadCount"] == 0
    assert [message["content"] for message in bob.history(chat)] == ["before bob"]
    assert roles(bob, chat) == {alice.id: "owner", bob.id: "member"}
    assert [event["type"] for event in changes(bob, cursor)[0]] == ["chat:created", "message:new"]
    assert bob.http.get(f"/invites/{made['token']}").json()["isMember"] is True


def test_a_group_without_a_name_is_shown_without_one(alice: Person, bob: Person) -> None:
    chat = alice.http.post("/chats", json={"type": "group", "participantIds": []}).json()["id"]
    shown = bob.http.get(f"/invites/{invite(alice, chat)['token']}")
    assert (shown.status_code, shown.json()["name"]) == (200, None)
    alice.http.patch(f"/chats/{chat}", json={"isPublic": True}).raise_for_status()
    listed = bob.http.get("/chats/public").json()["chats"]
    assert (chat, None) in [(found["id"], found["name"]) for found in listed]


def test_who_is_a_member_uses_nothing_up(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(name="group")
    token = invite(alice, chat, maxUses=1)["token"]
    for who in (alice, bob, bob):
        assert _join(who, token).status_code == 200
    (listed,) = _listed(alice, chat)
    assert (listed["uses"], listed["isOpen"]) == (1, False)


def test_a_used_up_invite_lets_nobody_in(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(name="group")
    token = invite(alice, chat, maxUses=1)["token"]
    assert _join(bob, token).status_code == 200
    for answer in (_join(carol, token), carol.http.get(f"/invites/{token}")):
        assert refusal(answer) == (410, "gone")
    assert _join(bob, token).status_code == 200, "who is in stays in"


def test_an_expired_invite_lets_nobody_in(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(name="group")
    by_time, by_seconds = invite(alice, chat, expiresAt=_in(60)), invite(alice, chat, expiresIn=60)
    for made in (by_time, by_seconds):
        left = datetime.fromisoformat(made["expiresAt"]) - datetime.now(UTC)
        assert 0 < left.total_seconds() <= 60
        assert bob.http.get(f"/invites/{made['token']}").status_code == 200
    server.sql("UPDATE invites SET expires_at = now()")
    for made in (by_time, by_seconds):
        assert refusal(bob.http.get(f"/invites/{made['token']}")) == (410, "gone")
        assert refusal(_join(bob, made["token"])) == (410, "gone")


def test_a_revoked_invite_lets_nobody_in(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(name="group")
    made, other = invite(alice, chat), invite(alice, chat)
    for _ in range(2):
        assert alice.http.delete(f"/chats/{chat}/invites/{made['id']}").status_code == 204
    assert refusal(_join(bob, made["token"])) == (410, "gone")
    assert [listed["id"] for listed in _listed(alice, chat)] == [other["id"]]
    elsewhere = alice.chat_with(name="elsewhere")
    for path in (f"/chats/{elsewhere}/invites/{other['id']}", f"/chats/{chat}/invites/999999"):
        assert refusal(alice.http.delete(path)) == (404, "not_found")
    assert _join(bob, other["token"]).status_code == 200


def test_a_token_that_nobody_made_is_not_there(alice: Person) -> None:
    for token in ("x", "A" * 22, "x" * 64, "%D0%9F", "null", "'; --"):
        assert refusal(alice.http.get(f"/invites/{token}")) == (404, "not_found")
        assert refusal(alice.http.post(f"/invites/{token}/join")) == (404, "not_found")
    for token in ("x" * 65, "%00", "A%00"):
        ((field, _),) = refused_fields(alice.http.get(f"/invites/{token}"))
        assert field == "token"


def test_an_invite_lives_as_long_as_its_maker_may_add(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    alice.http.patch(f"/chats/{chat}", json={"settings": {"whoCanAdd": "members"}})
    token = invite(bob, chat)["token"]

    def is_open() -> bool:
        answer = carol.http.get(f"/invites/{token}")
        assert answer.status_code == 200 or refusal(answer) == (410, "gone")
        return answer.status_code == 200

    assert is_open()
    alice.http.patch(f"/chats/{chat}", json={"settings": {"whoCanAdd": "admins"}})
    assert not is_open()
    set_role(alice, chat, bob, "admin")
    assert is_open()
    set_role(alice, chat, bob, "member")
    assert refusal(_join(carol, token)) == (410, "gone")
    set_role(alice, chat, bob, "admin")
    bob.http.post(f"/chats/{chat}/leave")
    assert not is_open()


def test_members_see_and_revoke_their_own(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    alice.http.patch(f"/chats/{chat}", json={"settings": {"whoCanAdd": "members"}})
    made = {who.username: invite(who, chat)["id"] for who in (alice, bob, carol)}
    assert [listed["id"] for listed in _listed(bob, chat)] == [made["bob"]]
    assert [listed["id"] for listed in _listed(alice, chat)] == sorted(made.values(), reverse=True)
    assert refusal(bob.http.delete(f"/chats/{chat}/invites/{made['carol']}")) == (404, "not_found")
    assert bob.http.delete(f"/chats/{chat}/invites/{made['bob']}").status_code == 204
    assert alice.http.delete(f"/chats/{chat}/invites/{made['carol']}").status_code == 204


def test_who_was_removed_comes_back_by_an_admin_only(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    token = invite(alice, chat)["token"]
    carol.http.post(f"/chats/{chat}/leave")
    assert _join(carol, token).status_code == 200, "who left of their own will may come back"
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}")
    assert refusal(_join(bob, token)) == (403, "forbidden")
    assert alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id}).status_code == 200
    bob.http.post(f"/chats/{chat}/leave")
    assert _join(bob, token).status_code == 200, "what was forgiven is forgotten"


def test_a_block_of_an_owner_or_of_the_maker_keeps_out(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    set_role(alice, chat, bob, "admin")
    token, other = invite(bob, chat)["token"], invite(alice, chat)["token"]
    bob.http.put(f"/blocks/{carol.id}")
    assert refusal(_join(carol, token)) == (403, "blocked")
    alice.http.put(f"/blocks/{carol.id}")
    assert refusal(_join(carol, other)) == (403, "blocked")
    alice.http.delete(f"/blocks/{carol.id}")
    assert _join(carol, other).status_code == 200, "not every member's block does"


def test_a_full_group_lets_nobody_in(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    token = invite(alice, chat)["token"]
    with server.settings(group_size=2):
        assert refusal(_join(carol, token)) == (422, "group_full")
        assert _join(bob, token).status_code == 200
    assert _listed(alice, chat)[0]["uses"] == 0


def test_uses_are_counted_exactly(server: Server, alice: Person, person: Register) -> None:
    chat = alice.chat_with(name="group")
    others = [person(f"user{number}") for number in range(20)]
    made = invite(alice, chat, maxUses=7)
    answers = at_once(lambda number: _join(others[number], made["token"]), 20)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [410] * 13
    assert server.sql("SELECT uses FROM invites") == [(7,)]
    assert alice.http.get(f"/chats/{chat}").json()["participantCount"] == 8


def test_one_who_comes_twice_at_once_comes_once(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(name="group")
    token = invite(alice, chat)["token"]
    answers = at_once(lambda _: _join(bob, token), 10)
    assert [answer.status_code for answer in answers] == [200] * 10
    assert server.sql("SELECT uses FROM invites") == [(1,)]


def test_nobody_comes_in_after_a_revocation(server: Server, alice: Person, person: Register) -> None:
    others = [person(f"user{number}") for number in range(8)]
    for _ in range(5):
        chat = alice.chat_with(name="group")
        made = invite(alice, chat)
        counted: list[int] = []

        def act(number: int, chat: int = chat, made: dict[str, Any] = made, counted: list[int] = counted) -> int:
            if number == 8:
                answer = alice.http.delete(f"/chats/{chat}/invites/{made['id']}")
                counted.append(alice.http.get(f"/chats/{chat}").json()["participantCount"])
                return answer.status_code
            return _join(others[number], made["token"]).status_code

        statuses = at_once(act, 9)
        assert set(statuses[:8]) <= {200, 410}
        ((uses,),) = server.sql("SELECT uses FROM invites WHERE id = %s", made["id"])
        assert uses == statuses.count(200) == counted[0] - 1


def test_only_a_hash_of_the_token_is_kept(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="group")
    tokens = [invite(alice, chat)["token"] for _ in range(5)]
    kept = [bytes(value) for (value,) in server.sql("SELECT token_hash FROM invites ORDER BY id")]
    assert kept == [hashlib.sha256(token.encode()).digest() for token in tokens]
    assert len(set(tokens)) == 5
    assert not any("token" in listed for listed in _listed(alice, chat))


def test_the_same_request_makes_one_invite(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="group")
    headers = {"Idempotency-Key": "once"}
    answers = [alice.http.post(f"/chats/{chat}/invites", json={}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert server.sql("SELECT count(*) FROM invites") == [(1,)]


def test_invites_come_in_pages(alice: Person) -> None:
    chat = alice.chat_with(name="group")
    made = [invite(alice, chat)["id"] for _ in range(7)]
    found: list[int] = []
    page: dict[str, Any] = {"hasMore": True, "nextCursor": None}
    while page["hasMore"]:
        query = {"limit": 3, **({"cursor": page["nextCursor"]} if page["nextCursor"] else {})}
        page = alice.http.get(f"/chats/{chat}/invites", params=query).json()
        found += [listed["id"] for listed in page["invites"]]
    assert found == made[::-1]
    assert refused_fields(alice.http.get(f"/chats/{chat}/invites", params={"cursor": "x"})) == [
        ("cursor", "wrong_form")
    ]


BAD_BODIES: list[tuple[dict[str, Any], str, str]] = [
    ({"expiresIn": 59}, "expiresIn", "out_of_range"),
    ({"expiresIn": -1}, "expiresIn", "out_of_range"),
    ({"expiresIn": 10**30}, "expiresIn", "out_of_range"),
    ({"expiresIn": "60"}, "expiresIn", "wrong_type"),
    ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt", "out_of_range"),
    ({"expiresAt": "9999-12-31T23:59:59-12:00"}, "expiresAt", "out_of_range"),
    ({"expiresAt": "0001-01-01T00:00:00+14:00"}, "expiresAt", "out_of_range"),
    ({"expiresAt": "2027-01-01T00:00:00"}, "expiresAt", "wrong_type"),
    ({"expiresAt": "tomorrow"}, "expiresAt", "wrong_type"),
    ({"expiresAt": 1}, "expiresAt", "wrong_type"),
    ({"expiresAt": "2027-01-01T00:00:00Z\0"}, "expiresAt", "wrong_type"),
    ({"expiresAt": "2099-01-01T00:00:00Z", "expiresIn": 60}, "expiresIn", "contradiction"),
    ({"maxUses": 0}, "maxUses", "out_of_range"),
    ({"maxUses": -1}, "maxUses", "out_of_range"),
    ({"maxUses": 2**31}, "maxUses", "out_of_range"),
    ({"maxUses": 1.5}, "maxUses", "wrong_type"),
    ({"token": "mine"}, "token", "unknown_field"),
    ({"uses": 0}, "uses", "unknown_field"),
]


def test_what_is_no_invite_is_refused_by_name(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="group")
    answers = [alice.http.post(f"/chats/{chat}/invites", json=body) for body, _, _ in BAD_BODIES]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD_BODIES]
    assert server.sql("SELECT count(*) FROM invites") == [(0,)]
