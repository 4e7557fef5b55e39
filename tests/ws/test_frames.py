"""Bad frames are answered by an error that names the field, and the connection stays."""

import json
from typing import Any

import pytest

from tests.support.people import Register
from tests.support.server import Server

VALID = {"chatId": 1, "content": "x"}

BAD_TEXTS = [
    "",
    "{",
    "null",
    "[]",
    "42",
    '"text"',
    "\x00",
    '{"action": "ping"',
    '{"action": 5}',
    '{"action": "ping", "unknown": 1}',
    '{"action": "ping", "id": 1.5}',
    '{"id": "c1"',
    '{"action": "message:send", "data": {"chatId": 1, "content": "\\ud800"}}',
    "[" * 20_000,
]

BAD_DATA: list[tuple[dict[str, Any], str]] = [
    ({}, "chatId"),
    ({**VALID, "chatId": "1"}, "chatId"),
    ({**VALID, "chatId": 0}, "chatId"),
    ({**VALID, "chatId": -5}, "chatId"),
    ({**VALID, "chatId": 2**53}, "chatId"),
    ({**VALID, "chatId": 10**30}, "chatId"),
    ({**VALID, "chatId": 1.5}, "chatId"),
    ({**VALID, "chatId": None}, "chatId"),
    ({**VALID, "content": 5}, "content"),
    ({**VALID, "content": ""}, "content"),
    ({**VALID, "content": "  \n"}, "content"),
    ({**VALID, "content": "x" * 10_001}, "content"),
    ({**VALID, "content": "a\x00b"}, "content"),
    ({**VALID, "clientMessageId": "x" * 65}, "clientMessageId"),
    ({**VALID, "clientMessageId": ""}, "clientMessageId"),
    ({**VALID, "messageType": "system"}, "messageType"),
    ({**VALID, "messageType": "nonsense"}, "messageType"),
    ({**VALID, "senderId": 7}, "senderId"),
    ({**VALID, "seq": 7}, "seq"),
    ({**VALID, "replyTo": "x"}, "replyTo"),
    ({**VALID, "attachments": ["x"]}, "attachments[0]"),
    ({**VALID, "attachments": [1, 1]}, "attachments"),
    ({**VALID, "attachments": list(range(1, 12))}, "attachments"),
]


@pytest.mark.parametrize("text", BAD_TEXTS, ids=range(len(BAD_TEXTS)))
def test_unreadable_frames(person: Register, text: str) -> None:
    socket = person("alice").socket()
    socket.send_text(text)
    error = socket.wait_for("error")
    assert error["id"] is None
    assert error["error"]["status"] == 400
    assert error["error"]["code"] in {"unreadable_body", "invalid_input"}
    socket.act("ping")


@pytest.mark.parametrize(
    ("frame", "field"),
    [({}, "action"), ({"action": 5}, "action"), ({"action": "ping", "unknown": 1}, "unknown")],
    ids=str,
)
@pytest.mark.parametrize("name", ["c1", 7])
def test_a_frame_of_another_form_is_answered_by_its_id(
    person: Register, frame: dict[str, Any], field: str, name: str | int
) -> None:
    socket = person("alice").socket()
    socket.send_text(json.dumps({**frame, "id": name}))
    error = socket.wait_for("error")
    assert error["id"] == name
    assert [wrong["field"] for wrong in error["error"]["errors"]] == [field]


@pytest.mark.parametrize(("data", "field"), BAD_DATA, ids=range(len(BAD_DATA)))
def test_bad_data_names_the_field_on_socket_and_http(person: Register, data: dict[str, Any], field: str) -> None:
    alice = person("alice")
    problem = alice.socket().refused("message:send", data)
    assert problem["status"] == 400
    assert [error["field"] for error in problem["errors"]] == [field]
    answer = alice.http.post("/messages", content=json.dumps(data), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"] == problem["errors"]


def test_unknown_actions(person: Register) -> None:
    socket = person("alice").socket()
    assert socket.refused("no:such")["code"] == "unknown_action"
    assert socket.refused("x" * 5000)["code"] == "unknown_action"
    socket.act("ping")


def test_a_large_frame_ends_the_connection_and_a_message_of_many_frames_does_not(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    socket = alice.socket()
    socket.send_text(json.dumps({"action": "ping", "id": "big", "data": {"x": "y" * 33_000}}))
    assert socket.wait_closed() == 1009
    assert alice.socket().act("message:send", {"chatId": chat, "content": "я" * 10_000})["content"] == "я" * 10_000


def test_sends_are_limited_on_each_way(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    with server.settings(rate_limits=True, sends_http=2, sends_socket=3):
        answers = [alice.http.post("/messages", json={"chatId": chat, "content": "x"}) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert answers[1].headers["RateLimit"].startswith('"send-http";r=0')
        assert int(answers[2].headers["Retry-After"]) > 0
        assert answers[2].json()["retryable"] is True
        socket = alice.socket()
        for _ in range(3):
            socket.act("message:send", {"chatId": chat, "content": "x"})
        problem = socket.refused("message:send", {"chatId": chat, "content": "x"})
        assert (problem["status"], problem["code"], problem["retryable"]) == (429, "rate_limited", True)
        assert 1 <= problem["retryAfter"] <= 20
    assert len(bob.history(chat)) == 5
