"""`reply` in a frame: what its ack says is not told again to the very connection, and to all others as ever."""

import json
from typing import Any

import pytest

from tests.support.people import Register
from tests.support.server import Server
from tests.support.socket import Socket


def _say(socket: Socket, action: str, data: dict[str, Any], **more: Any) -> None:
    socket.send_text(json.dumps({"action": action, "id": "r1", "data": data, **more}))


def _acked(socket: Socket) -> list[dict[str, Any]]:
    return [frame for frame in socket.frames if frame.get("type") == "ack" and frame.get("id") == "r1"]


@pytest.mark.parametrize("inline_publish_limit", [0, 20], ids=["queued", "inline"])
def test_what_the_ack_says_is_told_to_the_others_alone(
    server: Server, person: Register, inline_publish_limit: int
) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    phone, desk, ears = alice.socket(), alice.socket(), bob.socket()
    assert phone.wait_for("hello")["data"]["replies"] == ["ack", "none"]
    with server.settings(inline_publish_limit=inline_publish_limit):
        _say(phone, "message:send", {"chatId": chat, "content": "quiet"}, reply="ack")
        for device in (desk, ears):
            device.wait_for("message:new", content="quiet")
        # What follows comes behind it.
        assert phone.act("message:send", {"chatId": chat, "content": "loud"})["seq"] == 2
        phone.wait_for("message:new", content="loud")
        server.settle()
    assert [event["data"]["content"] for event in phone.events("message:new")] == ["loud"]
    (ack,) = _acked(phone)
    assert ack["data"]["content"] == "quiet"


@pytest.mark.parametrize("event", ["messages:read", "message:delivered"])
def test_receipts_too(server: Server, person: Register, event: str) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    phone, desk, ears = bob.socket(), bob.socket(), alice.socket()
    alice.send(chat, "one")
    alice.send(chat, "two")
    _say(phone, event, {"chatId": chat, "seq": 1}, reply="ack")
    for device in (desk, ears):
        device.wait_for(event, userId=bob.id, seq=1)
    phone.act(event, {"chatId": chat, "seq": 2})
    phone.wait_for(event, userId=bob.id, seq=2)
    server.settle()
    assert [told["data"]["seq"] for told in phone.events(event)] == [2]
    assert _acked(phone)


@pytest.mark.parametrize("inline_publish_limit", [0, 20], ids=["queued", "inline"])
def test_without_an_ack_all_is_done_and_only_a_refusal_is_told(
    server: Server, person: Register, inline_publish_limit: int
) -> None:
    alice, bob, eve = person("alice"), person("bob"), person("eve")
    chat = alice.chat_with(bob)
    phone, desk, ears, stranger = bob.socket(), bob.socket(), alice.socket(), eve.socket()
    alice.send(chat, "one")
    for socket in (phone, stranger):
        socket.wait_for("hello")
    with server.settings(inline_publish_limit=inline_publish_limit):
        _say(phone, "typing:start", {"chatId": chat}, reply="none")
        ears.wait_for("typing:start", userId=bob.id)
        _say(phone, "messages:read", {"chatId": chat, "seq": 1}, reply="none")
        for device in (desk, ears):
            device.wait_for("messages:read", userId=bob.id, seq=1)
        for action, data, code in (
            ("messages:read", {"chatId": chat, "seq": 1}, "not_found"),
            ("message:send", {"chatId": "no id"}, "invalid_input"),
            ("nonsense", {}, "unknown_action"),
        ):
            _say(stranger, action, data, reply="none")
            refused = stranger.wait_for("error")
            assert (refused["id"], refused["error"]["code"]) == ("r1", code)
            stranger.frames.clear()
        phone.act("ping")  # what would have come before has come
    assert [frame["type"] for frame in phone.frames if frame["type"] not in {"message:new", "user:status"}] == [
        "hello",
        "ack",
    ]
    assert bob.http.get(f"/chats/{chat}").json()["readSeq"] == 1


def test_another_action_is_told_as_ever(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    message = alice.send(alice.chat_with(bob), "one")["id"]
    phone = alice.socket()
    _say(phone, "message:edit", {"messageId": message, "content": "two"}, reply="ack")
    phone.wait_for("message:updated", content="two")


@pytest.mark.parametrize("reply", ["nothing", 1, True, ""])
def test_another_reply_is_refused(person: Register, reply: object) -> None:
    socket = person("alice").socket()
    _say(socket, "ping", {}, reply=reply)
    refused = socket.wait_for("error")
    assert refused["error"]["errors"][0]["field"] == "reply"
