"""Who may do what to a group: a row a verb, a column a rank, from the owner down to those who are outside."""

from collections.abc import Callable

import httpx
import pytest

from tests.support.answers import refusal, told
from tests.support.groups import RANKS, Cast, cast, invite
from tests.support.people import Person, Register

Verb = Callable[[Cast, Person, int], httpx.Response]

NOWHERE = 999_999


def _patch(**change: object) -> Verb:
    return lambda _, who, chat: who.http.patch(f"/chats/{chat}", json=change)


def _role(whose: str, role: str) -> Verb:
    return lambda these, who, chat: who.http.patch(
        f"/chats/{chat}/participants/{getattr(these, whose).id}", json={"role": role}
    )


def _remove(whose: str) -> Verb:
    return lambda these, who, chat: who.http.delete(f"/chats/{chat}/participants/{getattr(these, whose).id}")


def _add(these: Cast, who: Person, chat: int) -> httpx.Response:
    return who.http.post(f"/chats/{chat}/participants", json={"userId": these.stranger.id})


def _add_removed(these: Cast, who: Person, chat: int) -> httpx.Response:
    return who.http.post(f"/chats/{chat}/participants", json={"userId": these.removed.id})


def _revoke(these: Cast, who: Person, chat: int) -> httpx.Response:
    invite_id = 1 if chat == NOWHERE else invite(these.owner, chat)["id"]
    return who.http.delete(f"/chats/{chat}/invites/{invite_id}")


def _on(method: str, what: str) -> Verb:
    takes_body = method in {"PUT", "POST"} and what in {"mute", "invites"}
    body: dict[str, object] | None = {} if takes_body else None
    return lambda _, who, chat: who.http.request(method, f"/chats/{chat}/{what}", json=body)


# owner, admin, member; then a stranger, somebody who was removed, and one whom the owner has blocked.
OUTSIDE = (404, 404, 404)
LADDER: dict[str, tuple[Verb, tuple[int, ...]]] = {
    "rename": (_patch(name="new"), (200, 200, 403, *OUTSIDE)),
    "nothing to change": (_patch(), (200, 200, 403, *OUTSIDE)),
    "make public": (_patch(isPublic=True), (200, 403, 403, *OUTSIDE)),
    "who may send": (_patch(settings={"whoCanSend": "admins"}), (200, 200, 403, *OUTSIDE)),
    "who may add": (_patch(settings={"whoCanAdd": "members"}), (200, 200, 403, *OUTSIDE)),
    "disappearing": (_patch(settings={"messageSeconds": 60}), (200, 200, 403, *OUTSIDE)),
    "delete": (lambda _, who, chat: who.http.delete(f"/chats/{chat}"), (204, 403, 403, *OUTSIDE)),
    "leave": (_on("POST", "leave"), (422, 204, 204, *OUTSIDE)),
    "make a member an admin": (_role("other_member", "admin"), (200, 200, 403, *OUTSIDE)),
    "make a member an owner": (_role("other_member", "owner"), (200, 403, 403, *OUTSIDE)),
    "leave a member a member": (_role("other_member", "member"), (200, 200, 403, *OUTSIDE)),
    "make an admin a member": (_role("other_admin", "member"), (200, 403, 403, *OUTSIDE)),
    "make an admin an owner": (_role("other_admin", "owner"), (200, 403, 403, *OUTSIDE)),
    "unmake the owner": (_role("owner", "member"), (422, 403, 403, *OUTSIDE)),
    "make a stranger an admin": (_role("stranger", "admin"), (404, 404, 404, *OUTSIDE)),
    "remove a member": (_remove("other_member"), (204, 204, 403, *OUTSIDE)),
    "remove an admin": (_remove("other_admin"), (204, 403, 403, *OUTSIDE)),
    "remove the owner": (_remove("owner"), (422, 403, 403, *OUTSIDE)),
    "remove a stranger": (_remove("stranger"), (404, 404, 404, *OUTSIDE)),
    "add": (_add, (200, 200, 403, *OUTSIDE)),
    "add who was removed": (_add_removed, (200, 200, 403, *OUTSIDE)),
    "invite": (_on("POST", "invites"), (201, 201, 403, *OUTSIDE)),
    "list invites": (_on("GET", "invites"), (200, 200, 200, *OUTSIDE)),
    "revoke an invite": (_revoke, (204, 204, 404, *OUTSIDE)),
    "join what is not public": (_on("POST", "join"), (200, 200, 200, *OUTSIDE)),
    "mute": (_on("PUT", "mute"), (200, 200, 200, *OUTSIDE)),
    "unmute": (_on("DELETE", "mute"), (204, 204, 204, *OUTSIDE)),
    "pin": (_on("PUT", "pin"), (200, 200, 200, *OUTSIDE)),
    "unpin": (_on("DELETE", "pin"), (204, 204, 204, *OUTSIDE)),
    "archive": (_on("PUT", "archive"), (200, 200, 200, *OUTSIDE)),
    "unarchive": (_on("DELETE", "archive"), (204, 204, 204, *OUTSIDE)),
}
CODES = {403: "forbidden", 404: "not_found", 422: "last_owner"}


@pytest.mark.parametrize("name", LADDER)
def test_each_rank_gets_what_is_its_own(person: Register, name: str) -> None:
    verb, expected = LADDER[name]
    these = cast(person)
    got = {}
    for rank in RANKS:
        who, chat = getattr(these, rank), these.group()
        answer = verb(these, who, chat)
        got[rank] = answer.status_code
        if answer.status_code >= 400:
            assert refusal(answer) == (answer.status_code, CODES[answer.status_code]), (rank, answer.text)
        if answer.status_code == 404 and rank in RANKS[3:]:
            assert told(answer) == told(verb(these, who, NOWHERE)), "as though there were no such chat"
    assert got == dict(zip(RANKS, expected, strict=True))


@pytest.mark.parametrize("name", ["add", "invite"])
def test_where_members_may_add_they_may_invite(person: Register, name: str) -> None:
    these = cast(person)
    got = []
    for rank in RANKS[:4]:
        chat = these.group(settings={"whoCanAdd": "members"})
        got.append(LADDER[name][0](these, getattr(these, rank), chat).is_success)
    assert got == [True, True, True, False]
    assert refusal(_add_removed(these, these.member, chat)) == (403, "forbidden"), "the admins' word holds"
    assert _add_removed(these, these.admin, chat).status_code == 200


DOORS: dict[str, tuple[Callable[[Cast, Person, int], httpx.Response], tuple[int, ...]]] = {
    "join what is public": (_on("POST", "join"), (200, 200, 200, 200, 403, 403)),
    "see what is public": (
        lambda _, who, chat: who.http.get(f"/chats/public/{chat}"),
        (200, 200, 200, 200, 200, 200),
    ),
    "read what is public": (_on("GET", "messages"), (200, 200, 200, 404, 404, 404)),
    "open what is public": (
        lambda _, who, chat: who.http.get(f"/chats/{chat}"),
        (200, 200, 200, 404, 404, 404),
    ),
    "join by invite": (
        lambda these, who, chat: who.http.post(f"/invites/{invite(these.owner, chat)['token']}/join"),
        (200, 200, 200, 200, 403, 403),
    ),
    "see an invite": (
        lambda these, who, chat: who.http.get(f"/invites/{invite(these.owner, chat)['token']}"),
        (200, 200, 200, 200, 200, 200),
    ),
}


@pytest.mark.parametrize("name", DOORS)
def test_who_comes_in_by_a_door(person: Register, name: str) -> None:
    verb, expected = DOORS[name]
    these = cast(person)
    chat = these.group(isPublic=True)
    answers = {rank: verb(these, getattr(these, rank), chat) for rank in RANKS}
    assert {rank: answer.status_code for rank, answer in answers.items()} == dict(zip(RANKS, expected, strict=True))
    if name.startswith("join"):
        assert refusal(answers["removed"]) == (403, "forbidden")
        assert refusal(answers["blocked"]) == (403, "blocked")


PRIVATE: dict[str, tuple[str, str, dict[str, object] | None, int]] = {
    "rename": ("PATCH", "", {"name": "x"}, 422),
    "publish": ("PATCH", "", {"isPublic": True}, 422),
    "who may send": ("PATCH", "", {"settings": {"whoCanSend": "admins", "messageSeconds": 5}}, 422),
    "leave": ("POST", "/leave", None, 422),
    "invite": ("POST", "/invites", {}, 422),
    "join": ("POST", "/join", None, 200),
    "list invites": ("GET", "/invites", None, 200),
    "disappearing": ("PATCH", "", {"settings": {"messageSeconds": 5}}, 200),
    "nothing": ("PUT", "", {}, 200),
    "pin": ("PUT", "/pin", None, 200),
    "delete": ("DELETE", "", None, 204),
}


def test_a_private_chat_has_nothing_of_a_group(person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat = alice.chat_with(bob)
    for name, (method, what, body, expected) in PRIVATE.items():
        for who in (alice, bob):
            answer = who.http.request(method, f"/chats/{chat}{what}", json=body)
            assert answer.status_code == expected, (name, answer.text)
            assert expected != 422 or refusal(answer) == (422, "not_a_group")
        assert refusal(mallory.http.request(method, f"/chats/{chat}{what}", json=body)) == (404, "not_found"), name
    role = {"role": "owner"}
    assert refusal(alice.http.patch(f"/chats/{chat}/participants/{bob.id}", json=role)) == (422, "not_a_group")
    assert alice.http.get(f"/chats/{chat}").json()["participantCount"] == 2


def test_a_block_keeps_the_two_from_changing_their_chat(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    assert bob.http.put(f"/blocks/{alice.id}").status_code == 200
    for who in (alice, bob):
        answer = who.http.patch(f"/chats/{chat}", json={"settings": {"messageSeconds": 5}})
        assert refusal(answer) == (403, "blocked")
        assert who.http.put(f"/chats/{chat}/mute", json={}).status_code == 200, "what is one's own stays so"
