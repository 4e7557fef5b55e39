"""Sending: every kind of message, the text exactly as it was, replies, and what is no message."""

import json
from typing import Any

import httpx
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.answers import bare, refusal, refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server

# Text that has been mangled by somebody before.
TEXTS = [
    "Привет! Как дела?",
    "ёЁ й (composed) й (decomposed)",
    "👩‍👩‍👧‍👦 👍🏽 🇦🇶 ☺️",
    "\u200bzero\u200cwidth\u200djoined\ufeff",
    "שלום \u202eRTL\u202c العربية \u2066isolated\u2069",
    "Z̸̢a̷l̶g̴o̵",
    " spaces \t tabs \r\n lines \u2028 and \u2029",
    "\x01\x1b[31mcontrol\x7f\x85",
    "2 < 3 && 5 > 4",
    "<3",
    "std::vector<int> // a comment",
    "'; DROP TABLE messages; --",
    '%s %(name)s {0} $1 \\u0000 \\n " \\" &amp;',
    "\ufffd\ufffe\uffff\U0010ffff",
    "null",
    "{}",
]
# Elements of HTML are not text: that rule has tests of its own.
BOUNDED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00<"), min_size=1, max_size=300)


def _send(who: Person, **body: Any) -> httpx.Response:
    return who.http.post("/messages", json=body)


def test_what_is_answered_is_what_everybody_finds(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    answer = _send(alice, chatId=chat, content="Привет!", clientMessageId="m1")
    assert answer.status_code == 201
    message = answer.json()
    expected = {
        "chatId": chat,
        "seq": 1,
        "senderId": alice.id,
        "clientMessageId": "m1",
        "messageType": "text",
        "content": "Привет!",
        "attachments": [],
        "replyTo": None,
        "status": "sent",
        "updatedAt": message["createdAt"],
    }
    assert message.items() >= expected.items()
    for who in (alice, bob):
        assert bare(who.http.get(f"/messages/{message['id']}").json()) == message
        assert who.history(chat) == [message]
        assert who.http.get(f"/chats/{chat}").json()["lastMessage"] == message
        assert who.http.get("/chats").json()["chats"][0]["lastMessage"] == message


def test_every_kind(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    kinds = ["text", "image", "file", "audio", "video"]
    for kind in kinds:
        assert alice.send(chat, "https://example.org/a", messageType=kind)["messageType"] == kind
    assert [message["messageType"] for message in bob.history(chat, after=0)] == kinds


def test_who_writes_has_read_and_the_others_have_not(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    bob.send(chat, "one")
    alice.send(chat, "two")
    for who, unread in ((alice, 0), (bob, 1)):
        assert who.http.get(f"/chats/{chat}").json()["unreadCount"] == unread


def test_text_comes_back_exactly(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for text in TEXTS:
        assert alice.send(chat, text)["content"] == text
    assert [message["content"] for message in bob.history(chat, after=0)] == TEXTS


def test_any_text_comes_back_exactly(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)

    @settings(BOUNDED, max_examples=40)
    @given(ANY_TEXT.filter(str.strip))
    @example("\u200b")
    def send_and_read(text: str) -> None:
        sent = alice.send(chat, text)
        assert sent["content"] == text
        assert bob.http.get(f"/messages/{sent['id']}").json()["content"] == text

    send_and_read()


def test_escapes_of_json_are_the_characters_they_stand_for(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    body = f'{{"chatId": {chat}, "content": "\\u041f\\ud83d\\ude00\\/\\u003c"}}'
    answer = alice.http.post("/messages", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.json()["content"] == "П😀/<"
    for broken in ("\\ud83d", "\\ude00\\ud83d", "\\u00", "\\x41"):
        body = f'{{"chatId": {chat}, "content": "{broken}"}}'
        answer = alice.http.post("/messages", content=body, headers={"Content-Type": "application/json"})
        assert refusal(answer) == (400, "unreadable_body")


def test_ten_thousand_characters_and_not_one_more(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    ears = bob.socket()
    whole = [character * 10_000 for character in ("x", "ж", "😀", "\x01", '"')]
    for text in whole:
        sent = alice.send(chat, text)
        assert ears.wait_for("message:new", id=sent["id"])["data"]["content"] == text
        assert refused_fields(_send(alice, chatId=chat, content=f"{text}.")) == [("content", "wrong_length")]
    assert [message["content"] for message in bob.history(chat, after=0)] == whole


BAD_MESSAGES: list[tuple[dict[str, Any], str, str]] = [
    ({"content": ""}, "content", "missing"),
    ({"content": " \n\t\u2003"}, "content", "missing"),
    ({}, "content", "missing"),
    ({"content": None}, "content", "wrong_type"),
    ({"content": ["x"]}, "content", "wrong_type"),
    ({"content": "a\0"}, "content", "forbidden_character"),
    ({"content": "x", "clientMessageId": "a\0"}, "clientMessageId", "forbidden_character"),
    ({"content": "x", "messageType": "system"}, "messageType", "unknown_value"),
    ({"content": "x", "messageType": None}, "messageType", "wrong_type"),
    ({"content": "x", "replyTo": 0}, "replyTo", "out_of_range"),
    ({"content": "x", "attachments": None}, "attachments", "wrong_type"),
    ({"content": "x", "attachments": [0]}, "attachments[0]", "out_of_range"),
    ({"content": "x", "attachments": [1, 1]}, "attachments", "repeated"),
    ({"content": "x", "createdAt": "2026-01-01T00:00:00Z"}, "createdAt", "unknown_field"),
    ({"content": "x", "id": 5}, "id", "unknown_field"),
]


def test_what_is_no_message_is_refused_by_name(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    answers = [_send(alice, chatId=chat, **body) for body, _, _ in BAD_MESSAGES]
    assert [refused_fields(answer) for answer in answers] == [[(field, code)] for _, field, code in BAD_MESSAGES]
    assert alice.http.get(f"/chats/{chat}").json()["lastSeq"] == 0


def test_a_reply_names_a_message_of_the_same_chat(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    first = bob.send(chat, "one")
    assert alice.send(chat, "two", replyTo=first["id"])["replyTo"] == first["id"]
    assert bob.history(chat)[0]["replyTo"] == first["id"]


def test_a_reply_tells_nothing_of_messages_elsewhere(alice: Person, bob: Person, person: Register) -> None:
    carol = person("carol")
    chat = alice.chat_with(bob)
    theirs = carol.send(carol.chat_with(bob), "secret")["id"]
    ours = alice.send(alice.chat_with(carol), "elsewhere")["id"]
    answers = [told(_send(alice, chatId=chat, content="x", replyTo=other)) for other in (theirs, ours, 999_999)]
    assert answers == [answers[0]] * 3
    assert answers[0][1]["code"] == "unknown_reply"
    assert alice.http.get(f"/chats/{chat}").json()["lastSeq"] == 0


def test_an_attachment_must_be_ones_own(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    announced = {"filename": "a.png", "contentType": "image/png", "size": 10}
    mine, theirs = (who.http.post("/uploads", json=announced).json()["id"] for who in (alice, bob))
    answers = [told(_send(alice, chatId=chat, content="x", attachments=[other])) for other in (mine, theirs, 999_999)]
    assert answers == [answers[0]] * 3, "an upload that is not complete is nobody's yet"
    assert answers[0][1]["code"] == "unusable_attachment"


def test_the_chat_must_be_ones_own(alice: Person, bob: Person, person: Register) -> None:
    mallory = person("mallory")
    chat = alice.chat_with(bob)
    there = told(_send(mallory, chatId=chat, content="x"))
    assert there == told(_send(mallory, chatId=999_999, content="x"))
    assert (there[0], there[1]["code"]) == (404, "not_found")
    assert bob.history(chat) == []


def test_a_lease_that_cannot_be_renewed_costs_no_message(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    mouth, ears = alice.socket(), bob.socket()

    unrenewable = {
        "target": "chalicelib.realtime.connections.renew",
        "error": "chalicelib.core.aws.AwsError",
        "arguments": ["ConnectionFailed"],
    }
    with server.prepared(("tests.support.doctored.fail", unrenewable)):
        sent = mouth.act("message:send", {"chatId": chat, "content": "still here"})
    assert ears.wait_for("message:new", id=sent["id"])["data"]["content"] == "still here"


def test_numbers_as_others_write_them(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for number in (f"{chat}.0", f"{chat}e0", f'"{chat}"', f"{chat}" + "0" * 400, "NaN", "-Infinity"):
        body = f'{{"chatId": {number}, "content": {json.dumps("x")}}}'
        answer = alice.http.post("/messages", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, number
    assert bob.history(chat) == []
