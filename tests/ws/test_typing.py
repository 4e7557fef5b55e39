"""Typing: told to the others who may see it, seldom, and kept nowhere."""

import pytest

from tests.support.people import Register
from tests.support.server import Server
from tests.support.socket import Socket


def _heard(ears: Socket) -> list[str]:
    """The typing events in the order in which they came."""
    return [frame["type"] for frame in ears.frames if str(frame.get("type", "")).startswith("typing:")]


def _later(server: Server, seconds: int) -> None:
    """Lets time pass for the allowances."""
    server.sql("UPDATE allowances SET empty_at = empty_at - make_interval(secs => %s)", seconds)


def test_starts_and_stops_are_told_once_in_three_seconds(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    mouth, ears = alice.socket(), bob.socket()
    for _ in range(10):
        mouth.act("typing:start", {"chatId": chat})
        mouth.act("typing:stop", {"chatId": chat})
    ears.wait_for("typing:stop", userId=alice.id)
    _later(server, 3)
    for _ in range(10):
        mouth.act("typing:start", {"chatId": chat})
        mouth.act("typing:stop", {"chatId": chat})
    server.settle()
    ears.act("ping")
    assert _heard(ears) == ["typing:start", "typing:stop", "typing:start", "typing:stop"]


def test_a_stop_without_a_start_that_shows_is_not_told(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    mouth, ears = alice.socket(), bob.socket()
    mouth.act("typing:stop", {"chatId": chat})
    mouth.act("typing:start", {"chatId": chat})
    ears.wait_for("typing:start", userId=alice.id)
    _later(server, 6)
    mouth.act("typing:stop", {"chatId": chat})
    server.settle()
    ears.act("ping")
    assert _heard(ears) == ["typing:start"], "its hearers have taken it away by themselves"


def test_each_typist_and_each_chat_counts_for_itself(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    private, group = alice.chat_with(bob), alice.chat_with(bob, carol, name="group")
    ears = bob.socket()
    alice.socket().act("typing:start", {"chatId": private})
    alice.socket().act("typing:start", {"chatId": group})
    carol.socket().act("typing:start", {"chatId": group})
    for chat, who in ((private, alice), (group, alice), (group, carol)):
        ears.wait_for("typing:start", chatId=chat, userId=who.id)


def test_one_action_says_both(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    mouth, ears = alice.socket(), bob.socket()
    assert mouth.act("message:typing", {"chatId": chat, "isTyping": True}) == {}
    ears.wait_for("typing:start", chatId=chat, userId=alice.id)
    mouth.act("message:typing", {"chatId": chat, "isTyping": False})
    ears.wait_for("typing:stop", chatId=chat, userId=alice.id)
    for data, field, code in (
        ({"chatId": chat}, "isTyping", "missing"),
        ({"chatId": chat, "isTyping": 1}, "isTyping", "wrong_type"),
        ({"isTyping": True}, "chatId", "missing"),
        ({"chatId": chat, "isTyping": True, "userId": bob.id}, "userId", "unknown_field"),
    ):
        problem = mouth.refused("message:typing", data)
        assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


@pytest.mark.parametrize("blocker", ["alice", "bob"])
def test_a_block_silences_typing_both_ways(server: Server, person: Register, blocker: str) -> None:
    people = {name: person(name) for name in ("alice", "bob")}
    alice, bob = people.values()
    chat = alice.chat_with(bob)
    other = bob if blocker == "alice" else alice
    assert people[blocker].http.put(f"/blocks/{other.id}").is_success
    sockets = [alice.socket(), bob.socket()]
    for mouth in sockets:
        assert mouth.act("typing:start", {"chatId": chat}) == {}, "and says nothing of it"
        assert mouth.act("typing:stop", {"chatId": chat}) == {}
    server.settle()
    for ears in sockets:
        ears.act("ping")
        assert _heard(ears) == []
    assert people[blocker].http.delete(f"/blocks/{other.id}").status_code == 204
    _later(server, 3)
    sockets[0].act("typing:start", {"chatId": chat})
    sockets[1].wait_for("typing:start", userId=alice.id)


def test_in_a_group_a_block_silences_nobody(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="group")
    assert bob.http.put(f"/blocks/{alice.id}").is_success
    ears = bob.socket()
    alice.socket().act("typing:start", {"chatId": chat})
    ears.wait_for("typing:start", userId=alice.id)


def test_who_may_not_write_is_not_seen_typing(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="announcements")
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", chat)
    mouths = [bob.socket(), alice.socket()]
    for mouth in mouths:
        mouth.act("typing:start", {"chatId": chat})
    mouths[0].wait_for("typing:start", userId=alice.id)
    server.settle()
    mouths[1].act("ping")
    assert _heard(mouths[1]) == []


def test_typing_reaches_members_only(server: Server, person: Register) -> None:
    alice, bob, carol, mallory = person("alice"), person("bob"), person("carol"), person("mallory")
    chat = alice.chat_with(bob, carol, name="group")
    ears = {who.username: who.socket() for who in (bob, carol, mallory)}
    assert alice.http.delete(f"/chats/{chat}/participants/{carol.id}").status_code == 204
    alice.socket().act("typing:start", {"chatId": chat})
    ears["bob"].wait_for("typing:start", userId=alice.id)
    server.settle()
    for name in ("carol", "mallory"):
        ears[name].act("ping")
        assert _heard(ears[name]) == []
        for action in ("typing:start", "typing:stop"):
            problem = ears[name].refused(action, {"chatId": chat})
            assert (problem["status"], problem["code"]) == (404, "not_found")
