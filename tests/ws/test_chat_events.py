"""What is heard of a chat's changes: by its members, by who comes and goes, and by one's own devices alone."""

from typing import Any

import pytest

from tests.support.answers import bare
from tests.support.documents import check_frame
from tests.support.groups import invite, set_role
from tests.support.people import Person
from tests.support.server import Server
from tests.support.socket import Socket


def _kinds(server: Server, ears: Socket) -> list[str]:
    """The chat events that have come, each checked against the document; acks and presence left out."""
    server.settle()
    ears.act("ping")
    heard = [frame for frame in ears.frames if frame["type"].startswith(("chat:", "member:"))]
    for frame in heard:
        check_frame(frame)
    return [frame["type"] for frame in heard]


def _listening(server: Server, *people: Person) -> list[Socket]:
    """A device of each, one after the other: peers of private chats hear each other come."""
    sockets = []
    for who in people:
        sockets.append(who.socket())
        server.settle()
    return sockets


def _fresh(who: Person, chat: int) -> dict[str, Any]:
    shown: dict[str, Any] = who.http.get(f"/chats/{chat}").json()
    return shown


def test_a_role_is_told_to_all(server: Server, alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    server.settle()
    devices = [alice.socket(), bob.socket(), bob.socket(), carol.socket()]
    set_role(alice, chat, bob, "admin")
    for ears in devices:
        assert ears.wait_for("member:updated")["data"] == {"chatId": chat, "userId": bob.id, "role": "admin"}
        updated, fresh = ears.wait_for("chat:updated", id=chat)["data"], _fresh(carol, chat)
        members = [
            {name: member[name] for name in ("userId", "role", "joinedAt")} for member in fresh["participants"]
        ]
        assert updated == {name: fresh[name] for name in updated} | {"participants": members}
        assert _kinds(server, ears) == ["member:updated", "chat:updated"]


def test_the_same_again_is_told_to_nobody(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    server.settle()
    ears = bob.socket()
    set_role(alice, chat, bob, "member")
    alice.http.patch(f"/chats/{chat}", json={"settings": {}})
    alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id})
    bob.http.delete(f"/chats/{chat}/mute")
    assert _kinds(server, ears) == []


def test_who_is_added_hears_of_the_chat_and_the_others_of_them(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    chat = alice.chat_with(bob, name="group")
    alice.send(chat, "before carol")
    for what in ("mute", "pin", "archive"):
        alice.http.put(f"/chats/{chat}/{what}", json={})
    server.settle()
    ears = {who.username: who.socket() for who in (alice, bob, carol)}
    alice.http.post(f"/chats/{chat}/participants", json={"userIds": [carol.id]})
    assert ears["carol"].wait_for("chat:created")["data"] == bare(_fresh(carol, chat)), "nothing in it is alice's own"
    assert _kinds(server, ears["carol"]) == ["chat:created"]
    for name in ("alice", "bob"):
        joined = ears[name].wait_for("member:joined")["data"]
        assert joined == {"chatId": chat, "userIds": [carol.id], "addedBy": alice.id}
        assert ears[name].wait_for("chat:updated")["data"]["participantCount"] == 3
        assert _kinds(server, ears[name]) == ["member:joined", "chat:updated"]


def test_several_who_are_added_are_not_told_what_others_have_read(
    server: Server, alice: Person, bob: Person, carol: Person
) -> None:
    chat = alice.chat_with(name="group")
    alice.send(chat, "read by alice")
    server.settle()
    ears = {who.username: who.socket() for who in (bob, carol)}
    alice.http.post(f"/chats/{chat}/participants", json={"userIds": [bob.id, carol.id]})
    for name in ("bob", "carol"):
        created = ears[name].wait_for("chat:created")["data"]
        assert (created["unreadCount"], created["readSeq"], created["participantCount"]) == (0, created["lastSeq"], 3)
        assert {participant["readSeq"] for participant in created["participants"]} == {0}
        assert _kinds(server, ears[name]) == ["chat:created"]


@pytest.mark.parametrize("door", ["public", "invite"])
def test_who_joins_hears_it_on_every_device(
    server: Server, alice: Person, bob: Person, carol: Person, door: str
) -> None:
    chat = alice.chat_with(bob, name="group")
    alice.http.patch(f"/chats/{chat}", json={"isPublic": door == "public"})
    path = f"/chats/{chat}/join" if door == "public" else f"/invites/{invite(alice, chat)['token']}/join"
    server.settle()
    phone, desk, others = carol.socket(), carol.socket(), bob.socket()
    assert carol.http.post(path).status_code == 200
    assert carol.http.post(path).status_code == 200
    for ears in (phone, desk):
        assert ears.wait_for("chat:created")["data"] == bare(_fresh(carol, chat))
        assert _kinds(server, ears) == ["chat:created"]
    assert others.wait_for("member:joined")["data"] == {"chatId": chat, "userIds": [carol.id], "addedBy": None}
    assert _kinds(server, others) == ["member:joined", "chat:updated"]


@pytest.mark.parametrize("removed", [False, True])
def test_who_goes_hears_that_and_nothing_after(
    server: Server, alice: Person, bob: Person, carol: Person, removed: bool
) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    server.settle()
    ears = {who.username: who.socket() for who in (alice, bob, carol)}
    if removed:
        assert alice.http.delete(f"/chats/{chat}/participants/{carol.id}").status_code == 204
    else:
        assert carol.http.post(f"/chats/{chat}/leave").status_code == 204
    set_role(alice, chat, bob, "admin")
    alice.http.patch(f"/chats/{chat}", json={"name": "without carol"})
    for name in ("alice", "bob"):
        ears[name].wait_for("chat:updated", name="without carol")
        assert ears[name].wait_for("member:left")["data"] == {"chatId": chat, "userId": carol.id}
        assert ears[name].wait_for("chat:updated")["data"]["participantCount"] == 2
    assert ears["carol"].wait_for("chat:left")["data"] == {"chatId": chat}
    assert _kinds(server, ears["carol"]) == ["chat:left"]


def test_a_deleted_group_is_told_to_all(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    server.settle()
    devices = [alice.socket(), bob.socket()]
    alice.http.delete(f"/chats/{chat}")
    for ears in devices:
        assert ears.wait_for("chat:left")["data"] == {"chatId": chat}
        assert _kinds(server, ears) == ["chat:left"]


def test_rules_are_told_to_all_in_private_chats_too(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    devices = _listening(server, alice, bob)
    alice.http.patch(f"/chats/{chat}", json={"settings": {"messageSeconds": 60}})
    for ears in devices:
        assert ears.wait_for("chat:updated")["data"]["settings"]["messageSeconds"] == 60
        assert _kinds(server, ears) == ["chat:updated"]


def test_what_is_personal_is_told_to_ones_own_devices(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    phone, desk, other = _listening(server, alice, alice, bob)
    flags = {
        "muted": False,
        "mutedUntil": None,
        "pinned": False,
        "archived": False,
        "markedUnread": False,
        "notifyOf": "all",
        "hidden": False,
        "isRequest": False,
    }
    verbs = [
        ("PUT", "/mute", {"muted": True}),
        ("PUT", "/pin", {"pinned": True}),
        ("PUT", "/archive", {"archived": True}),
        ("DELETE", "/archive", {"archived": False}),
        ("DELETE", "/mute", {"muted": False}),
        ("DELETE", "", {"pinned": False, "hidden": True}),
    ]
    expected = []
    for method, what, change in verbs:
        flags |= change
        expected.append({"chatId": chat, **flags})
        alice.http.request(method, f"/chats/{chat}{what}", json={} if what == "/mute" and method == "PUT" else None)
        shown = _fresh(alice, chat)
        assert {name: shown[name] for name in flags} == flags
    assert alice.chat_with(bob) == chat
    expected.append({"chatId": chat, **flags, "hidden": False})
    for ears in (phone, desk):
        assert _kinds(server, ears) == ["chat:personal"] * len(expected)
        assert [frame["data"] for frame in ears.events("chat:personal")] == expected
    assert _kinds(server, other) == []
