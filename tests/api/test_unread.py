"""What counts as unread: what is there to be read. And chats that are marked as unread."""

from typing import Any

import pytest

from chalicelib.features.messages import expiry, scheduled
from tests.support.answers import refusal
from tests.support.people import Person, Register
from tests.support.server import Server

Wire = dict[str, Any]


@pytest.fixture
def bob(person: Register) -> Person:
    return person("bob")


@pytest.fixture
def chat(alice: Person, bob: Person) -> int:
    return alice.chat_with(bob)


def _unread(who: Person, chat: int) -> int:
    """As the chat, the list and the marks say it, which agree."""
    counts: set[int] = {
        int(who.http.get(f"/chats/{chat}").json()["unreadCount"]),
        *(one["unreadCount"] for one in who.http.get("/chats").json()["chats"] if one["id"] == chat),
        int(who.http.post(f"/chats/{chat}/read", json={"seq": 0}).json()["unreadCount"]),
    }
    (count,) = counts
    return count


def _ok(who: Person, method: str, path: str, body: Any = None) -> Wire:
    answer = who.http.request(method, path, json=body)
    assert answer.status_code < 300, answer.text
    found: Wire = answer.json() if answer.content else {}
    return found


def test_a_deleted_message_does_not_count(alice: Person, bob: Person, chat: int) -> None:
    messages = [alice.send(chat, f"message {number}") for number in range(5)]
    assert _unread(bob, chat) == 5
    _ok(alice, "DELETE", f"/messages/{messages[1]['id']}")
    assert _unread(bob, chat) == 4
    _ok(alice, "DELETE", f"/messages/{messages[1]['id']}")
    assert _unread(bob, chat) == 4, "once"
    _ok(bob, "POST", f"/chats/{chat}/read", {"seq": messages[2]["seq"]})
    assert _unread(bob, chat) == 2, "what was read before does not count again"
    _ok(alice, "DELETE", f"/messages/{messages[0]['id']}")
    assert _unread(bob, chat) == 2
    for message in messages[3:]:
        _ok(alice, "DELETE", f"/messages/{message['id']}")
    assert _unread(bob, chat) == 0


def test_a_message_that_one_hid_does_not_count_for_oneself(alice: Person, bob: Person, person: Register) -> None:
    carol = person("carol")
    chat = alice.chat_with(bob, carol, name="Friends")
    first, second = alice.send(chat, "one"), alice.send(chat, "two")
    before = _unread(carol, chat)
    _ok(bob, "DELETE", f"/messages/{first['id']}?for=me")
    assert (_unread(bob, chat), _unread(carol, chat)) == (before - 1, before)
    _ok(alice, "DELETE", f"/messages/{first['id']}")
    assert (_unread(bob, chat), _unread(carol, chat)) == (before - 1, before - 1), "gone for all: not twice for one"
    _ok(alice, "DELETE", f"/messages/{second['id']}")
    _ok(bob, "DELETE", f"/messages/{second['id']}?for=me")
    assert (_unread(bob, chat), _unread(carol, chat)) == (before - 2, before - 2)


@pytest.mark.parametrize("hidden", [False, True])
def test_an_expired_message_does_not_count_before_and_after_it_is_emptied(
    server: Server, alice: Person, bob: Person, chat: int, hidden: bool
) -> None:
    _ok(alice, "PATCH", f"/chats/{chat}", {"settings": {"messageSeconds": 3600}})
    message = alice.send(chat, "soon gone")
    alice.send(chat, "stays")
    if hidden:
        _ok(bob, "DELETE", f"/messages/{message['id']}?for=me")
    server.sql("UPDATE messages SET expires_at = now() - interval '1 second' WHERE id = %s", message["id"])
    assert _unread(bob, chat) == 1
    assert expiry.sweep() == 1
    assert _unread(bob, chat) == 1
    assert server.sql("SELECT seq FROM expiring_messages WHERE seq = %s", message["seq"]) == []


def test_a_forward_expires_as_well(server: Server, alice: Person, bob: Person, chat: int) -> None:
    _ok(alice, "PATCH", f"/chats/{chat}", {"settings": {"messageSeconds": 3600}})
    notes = alice.chat_with(name="notes")
    original = alice.send(notes, "note")
    _ok(alice, "POST", f"/messages/{original['id']}/forward", {"chatIds": [chat]})
    assert _unread(bob, chat) == 1
    server.sql("UPDATE messages SET expires_at = now() WHERE chat_id = %s", chat)
    assert _unread(bob, chat) == 0


def test_ones_own_message_that_was_sent_in_ones_absence_does_not_count(
    server: Server, alice: Person, bob: Person, chat: int
) -> None:
    bob.send(chat, "unread")
    waiting = alice.schedule(chat, "later")
    server.sql("UPDATE scheduled_messages SET send_at = now() WHERE id = %s", waiting)
    assert scheduled.sweep() == 1
    assert _unread(alice, chat) == 1
    (own,) = (one for one in alice.history(chat) if one["content"] == "later")
    _ok(alice, "DELETE", f"/messages/{own['id']}")
    assert _unread(alice, chat) == 1, "not counted out twice"


def test_many_are_counted_as_one_by_one(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob, name="long")
    server.write_many(chat, alice.id, "x", 9_000)
    server.sql("UPDATE messages SET deleted_at = now(), content = '' WHERE chat_id = %s AND seq %% 7 = 0", chat)
    for read in (0, 1, 62, 63, 64, 65, 4094, 4095, 4096, 4097, 8999):
        server.sql(
            "UPDATE members SET read_seq = %s, delivered_seq = 9000 WHERE chat_id = %s AND user_id = %s",
            read,
            chat,
            bob.id,
        )
        ((expected,),) = server.sql(
            "SELECT count(*) FROM messages m"
            " WHERE m.chat_id = %s AND m.seq > %s AND m.deleted_at IS NULL AND m.sender_id <> %s"
            " AND m.message_type <> 'system'",
            chat,
            read,
            bob.id,
        )
        assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == expected, read


def test_sync_tells_the_count_of_what_was_hidden(alice: Person, bob: Person, chat: int) -> None:
    message = alice.send(chat, "x")
    cursor = bob.http.get("/sync").json()["nextCursor"]
    _ok(bob, "DELETE", f"/messages/{message['id']}?for=me")
    events = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    told = {event["type"]: event["data"] for event in events}
    assert told["chat:updated"]["unreadCount"] == 0


def test_a_chat_can_be_marked_as_unread(alice: Person, bob: Person, chat: int) -> None:
    ears, theirs = bob.socket(), alice.socket()
    assert _ok(bob, "PUT", f"/chats/{chat}/unread")["markedUnread"] is True
    assert ears.wait_for("chat:personal")["data"]["markedUnread"] is True
    assert bob.http.get(f"/chats/{chat}").json()["markedUnread"] is True
    assert alice.http.get(f"/chats/{chat}").json()["markedUnread"] is False
    assert bob.http.get("/unread").json() == {
        "unreadCount": 0,
        "unreadChats": 1,
        "requestCount": 0,
        "missedCalls": 0,
        "chats": [],
    }
    _ok(bob, "POST", f"/chats/{chat}/read", {})
    assert ears.wait_for("chat:personal", markedUnread=False)
    assert bob.http.get(f"/chats/{chat}").json()["markedUnread"] is False
    _ok(bob, "PUT", f"/chats/{chat}/unread")
    _ok(bob, "DELETE", f"/chats/{chat}/unread")
    assert bob.http.get(f"/chats/{chat}").json()["markedUnread"] is False
    _ok(bob, "PUT", f"/chats/{chat}/unread")
    bob.send(chat, "an answer")
    assert bob.http.get(f"/chats/{chat}").json()["markedUnread"] is False
    theirs.act("ping")
    assert theirs.events("chat:personal") == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_marking_is_for_members(chat: int, person: Register, method: str) -> None:
    mallory = person("mallory")
    assert refusal(mallory.http.request(method, f"/chats/{chat}/unread")) == (404, "not_found")


def test_all_that_is_unread_and_where_one_is_mentioned(alice: Person, bob: Person, chat: int) -> None:
    group = alice.chat_with(bob, name="Friends")
    alice.send(chat, "one")
    first = alice.send(group, "bob?", mentions=[bob.id])
    second = alice.send(group, "bob!", mentions=[bob.id])
    hidden = alice.send(group, "bob…", mentions=[bob.id])
    count = _unread(bob, group)
    mentioned = {"chatId": group, "unreadCount": count, "mentionCount": 3}
    assert bob.http.get("/unread").json() == {
        "unreadCount": count + 1,
        "unreadChats": 2,
        "requestCount": 0,
        "missedCalls": 0,
        "chats": [mentioned],
    }
    _ok(alice, "DELETE", f"/messages/{first['id']}")
    _ok(bob, "DELETE", f"/messages/{hidden['id']}?for=me")
    mentioned = {"chatId": group, "unreadCount": count - 2, "mentionCount": 1}
    assert bob.http.get("/unread").json()["chats"] == [mentioned]
    _ok(alice, "PATCH", f"/messages/{second['id']}", {"content": "nobody", "mentions": []})
    assert bob.http.get("/unread").json() == {
        "unreadCount": count - 1,
        "unreadChats": 2,
        "requestCount": 0,
        "missedCalls": 0,
        "chats": [],
    }
    _ok(alice, "PATCH", f"/messages/{second['id']}", {"content": "bob again", "mentions": [bob.id]})
    assert len(bob.http.get("/unread").json()["chats"]) == 1
    _ok(bob, "POST", f"/chats/{group}/read", {})
    assert bob.http.get("/unread").json() == {
        "unreadCount": 1,
        "unreadChats": 1,
        "requestCount": 0,
        "missedCalls": 0,
        "chats": [],
    }
    assert alice.http.get("/unread").json() == {
        "unreadCount": 0,
        "unreadChats": 0,
        "requestCount": 0,
        "missedCalls": 0,
        "chats": [],
    }
