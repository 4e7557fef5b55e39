"""What members hear live, on every device."""

import httpx
import pytest

from tests.support.people import Register
from tests.support.server import Server


def test_a_message_reaches_every_device_of_every_member(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    devices = [alice.socket(), alice.socket(), bob.socket(), bob.socket()]
    sent = devices[0].act("message:send", {"chatId": chat, "content": "Привет! Как дела?", "clientMessageId": "m1"})
    assert sent["seq"] == 1
    assert sent["senderId"] == alice.id
    assert sent["clientMessageId"] == "m1"
    for device in devices:
        event = device.wait_for("message:new", id=sent["id"])
        assert event["chatId"] == chat
        assert event["seq"] == 1
        assert event["eventId"] == f"message:{sent['id']}"
        assert event["data"] == sent
    assert bob.history(chat) == [{**sent, "status": "sent"}]


@pytest.mark.parametrize("inline", [0, 20])
def test_a_message_is_heard_as_it_was_sent(server: Server, person: Register, inline: int) -> None:
    """Also by way of the queue: SQS keeps no other characters than XML has."""
    alice, bob = person("alice"), person("bob")
    ears, chat = bob.socket(), alice.chat_with(bob)
    text = "\x01\t\x7f\x85\ufdd0\ufffd\ufffe\uffff\U0001fffe\U0010ffff\\uffff"
    with server.settings(inline_publish_limit=inline):
        sent = alice.send(chat, text)
    assert sent["content"] == text
    assert ears.wait_for("message:new", id=sent["id"])["data"]["content"] == text


def test_a_repeated_send_is_the_same_message(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    phone, desk = alice.socket(), alice.socket()
    again = {"chatId": chat, "content": "once", "clientMessageId": "m1"}
    first = phone.act("message:send", again)
    assert desk.act("message:send", again)["id"] == first["id"]
    assert alice.http.post("/messages", json=again).status_code == 200
    assert len(bob.history(chat)) == 1


def test_http_and_socket_are_one(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = bob.socket()
    sent = alice.send(chat, "by http")
    assert ears.wait_for("message:new", id=sent["id"])["data"]["content"] == "by http"


def test_reading_is_told_to_the_members(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice_ears, bob_ears, bob_desk = alice.socket(), bob.socket(), bob.socket()
    for text in ("one", "two", "three"):
        alice.send(chat, text)
    assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == 3
    marks = bob_ears.act("messages:read", {"chatId": chat, "seq": 2})
    assert marks == {"chatId": chat, "deliveredSeq": 2, "readSeq": 2, "unreadCount": 1}
    for ears in (alice_ears, bob_desk):
        assert ears.wait_for("messages:read", userId=bob.id)["data"]["seq"] == 2
    assert [message["status"] for message in alice.history(chat)] == ["sent", "read", "read"]


def test_typing_is_told_to_the_others_only(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="three")
    alice_desk, alice_phone, bob_ears, carol_ears = alice.socket(), alice.socket(), bob.socket(), carol.socket()
    alice_desk.act("typing:start", {"chatId": chat})
    for _ in range(5):
        alice_desk.act("typing:start", {"chatId": chat})
    alice_desk.act("typing:stop", {"chatId": chat})
    for ears in (bob_ears, carol_ears):
        ears.wait_for("typing:stop", chatId=chat, userId=alice.id)
        assert len(ears.events("typing:start")) == 1, "once in three seconds"
    for own in (alice_desk, alice_phone):
        assert own.events("typing:start") == own.events("typing:stop") == []


def test_a_new_chat_is_told_to_its_members(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    bob_ears, carol_ears = bob.socket(), carol.socket()
    private = alice.chat_with(bob)
    assert bob_ears.wait_for("chat:created", id=private)["data"]["type"] == "private"
    group = alice.chat_with(bob, name="two")
    assert bob_ears.wait_for("chat:created", id=group)["data"]["name"] == "two"
    alice.send(group, "before carol")
    added = alice.http.post(f"/chats/{group}/participants", json={"userId": carol.id})
    assert added.status_code == 200
    created = carol_ears.wait_for("chat:created", id=group)["data"]
    assert created["unreadCount"] == 0
    assert bob_ears.wait_for("chat:updated", id=group)["data"]["participantCount"] == 3


def test_who_is_removed_hears_nothing_more(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="three")
    bob_ears, carol_ears = bob.socket(), carol.socket()
    alice.send(chat, "still here")
    carol_ears.wait_for("message:new", content="still here")
    assert alice.http.delete(f"/chats/{chat}/participants/{carol.id}").status_code == 204
    carol_ears.wait_for("chat:left", chatId=chat)
    bob_ears.wait_for("member:left", chatId=chat, userId=carol.id)
    alice.send(chat, "gone now")
    bob_ears.wait_for("message:new", content="gone now")
    carol_ears.act("ping")
    assert [event["data"]["content"] for event in carol_ears.events("message:new")] == ["still here"]
    assert carol_ears.refused("message:send", {"chatId": chat, "content": "hello?"})["status"] == 404
    assert carol.http.get(f"/chats/{chat}/messages").status_code == 404


def test_presence_is_told_to_contacts_and_private_peers(server: Server, person: Register) -> None:
    alice, bob, carol, stranger = person("alice"), person("bob"), person("carol"), person("stranger")
    alice.chat_with(bob)
    assert carol.http.post("/contacts", json={"userId": alice.id}).status_code == 201
    alice.chat_with(stranger, name="only a group")
    ears = {who.username: who.socket() for who in (bob, carol, stranger)}
    phone, desk = alice.socket(), alice.socket()
    for name in ("bob", "carol"):
        assert ears[name].wait_for("user:status", userId=alice.id)["data"]["status"] == "online"
    assert bob.http.get(f"/users/{alice.id}").json()["status"] == "online"
    phone.close()
    server.settle()
    desk.close()
    for name in ("bob", "carol"):
        offline = ears[name].wait_for("user:status", userId=alice.id, status="offline")["data"]
        assert offline["lastSeenAt"] is not None
    heard = [event["data"]["status"] for event in ears["bob"].events("user:status")]
    assert heard == ["online", "offline"], "one device of two going is not going offline"
    assert not [event for event in ears["stranger"].events("user:status") if event["data"]["userId"] == alice.id]


def test_a_blocked_peer_cannot_write(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    assert bob.http.put(f"/blocks/{alice.id}").is_success
    mouth = alice.socket()
    for who in (alice, bob):
        answer = who.http.post("/messages", json={"chatId": chat, "content": "hello?"})
        assert (answer.status_code, answer.json()["code"]) == (403, "blocked")
    assert mouth.refused("message:send", {"chatId": chat, "content": "hello?"})["code"] == "blocked"
    assert bob.http.delete(f"/blocks/{alice.id}").status_code == 204
    mouth.act("message:send", {"chatId": chat, "content": "hello again"})


def test_refusals_by_socket_and_by_http_are_the_same(person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat = alice.chat_with(bob)
    mouth = mallory.socket()
    for action in ("message:send", "messages:read", "typing:start", "typing:stop"):
        data = {"chatId": chat} | ({"content": "let me in"} if action == "message:send" else {})
        problem = mouth.refused(action, data)
        assert (problem["status"], problem["code"]) == (404, "not_found")
    by_http: list[httpx.Response] = [
        mallory.http.post("/messages", json={"chatId": chat, "content": "let me in"}),
        mallory.http.post(f"/chats/{chat}/read", json={}),
        mallory.http.get(f"/chats/{chat}/messages"),
        mallory.http.get(f"/chats/{chat}"),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in by_http} == {(404, "not_found")}


@pytest.mark.parametrize("action", ["message:send", "messages:read", "typing:start"])
def test_an_ended_session_can_do_nothing_on_an_open_socket(server: Server, person: Register, action: str) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    mouth = alice.socket()
    server.sql("UPDATE sessions SET ended_at = now() WHERE user_id = %s", alice.id)
    problem = mouth.refused(action, {"chatId": chat} | ({"content": "x"} if action == "message:send" else {}))
    assert (problem["status"], problem["code"]) == (401, "session_ended")
