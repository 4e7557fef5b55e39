"""Receipts as they are heard live, on every device, by those who may hear them."""

import pytest

from chalicelib.features.messages.receipts import MOST_TOLD
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.socket import Socket


def _heard(ears: Socket) -> list[tuple[str, int, int]]:
    """The receipts that came, each once, in order."""
    receipts = [*ears.events("message:delivered"), *ears.events("messages:read")]
    return sorted({(event["type"], event["data"]["userId"], event["data"]["seq"]) for event in receipts})


def _share(who: Person, shares: bool) -> None:
    assert who.http.patch("/users/me/privacy", json={"readReceipts": shares}).status_code == 200


def test_a_delivery_is_told_to_the_members(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    phone, ears, desk = bob.socket(), alice.socket(), bob.socket()
    ids = [alice.send(chat, str(number))["id"] for number in range(3)]
    assert phone.act("message:delivered", {"messageId": ids[0]})["deliveredSeq"] == 1
    marks = phone.act("message:delivered", {"chatId": chat, "seq": 2})
    assert marks == {"chatId": chat, "deliveredSeq": 2, "readSeq": 0, "unreadCount": 3}
    assert phone.act("message:delivered", {"chatId": chat})["deliveredSeq"] == 3
    for device in (ears, desk, phone):
        for seq, message in enumerate(ids, 1):
            event = device.wait_for("message:delivered", userId=bob.id, seq=seq)
            assert event["data"] == {"chatId": chat, "userId": bob.id, "seq": seq, "messageId": message}
            assert (event["chatId"], event["eventId"]) == (chat, f"delivered:{chat}:{bob.id}:{seq}")


def test_http_marks_are_heard_as_well(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears = alice.socket()
    message = alice.send(chat, "x")["id"]
    bob.http.post(f"/messages/{message}/delivered")
    ears.wait_for("message:delivered", userId=bob.id, seq=1)
    bob.http.post(f"/messages/{message}/read")
    assert ears.wait_for("messages:read", userId=bob.id, seq=1)["data"]["readAt"].endswith("Z")


def test_what_moves_nothing_is_not_told(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    ears, mouth = alice.socket(), bob.socket()
    for number in range(3):
        alice.send(chat, str(number))
    for action, seq in (
        ("message:delivered", 2),
        ("message:delivered", 1),
        ("messages:read", 1),
        ("messages:read", 1),
    ):
        mouth.act(action, {"chatId": chat, "seq": seq})
    mouth.act("messages:read", {"chatId": chat, "seq": 3})
    ears.wait_for("messages:read", seq=3)
    server.settle()
    assert _heard(ears) == [
        ("message:delivered", bob.id, 2),
        ("messages:read", bob.id, 1),
        ("messages:read", bob.id, 3),
    ], "reading says that it arrived"


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({}, "messageId", "missing"),
        ({"seq": 1}, "messageId", "missing"),
        ({"messageId": 1, "chatId": 1}, "messageId", "contradiction"),
        ({"messageId": 1, "seq": 1}, "messageId", "contradiction"),
        ({"messageId": "1"}, "messageId", "wrong_type"),
        ({"messageId": 0}, "messageId", "out_of_range"),
        ({"chatId": 1, "seq": -1}, "seq", "out_of_range"),
        ({"chatId": 1, "read": True}, "read", "unknown_field"),
    ],
)
def test_what_is_no_delivery_is_refused_by_name(
    person: Register, data: dict[str, object], field: str, code: str
) -> None:
    problem = person("alice").socket().refused("message:delivered", data)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [(field, code)]


def test_marks_are_for_members(person: Register) -> None:
    alice, bob, mallory = person("alice"), person("bob"), person("mallory")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "x")["id"]
    mouth = mallory.socket()
    for data in ({"chatId": chat}, {"chatId": chat, "seq": 1}, {"messageId": message}):
        problem = mouth.refused("message:delivered", data)
        assert (problem["status"], problem["code"]) == (404, "not_found")


# Who shares what they read: the reader, and the one who listens.
@pytest.mark.parametrize("reader_shares", [True, False])
@pytest.mark.parametrize("listener_shares", [True, False])
def test_reading_is_heard_where_both_share_it(
    server: Server, person: Register, reader_shares: bool, listener_shares: bool
) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    _share(alice, listener_shares)
    _share(bob, reader_shares)
    ears, mouth, desk = alice.socket(), bob.socket(), bob.socket()
    for number in range(2):
        alice.send(chat, str(number))
    mouth.act("messages:read", {"chatId": chat, "seq": 1})
    mouth.act("message:delivered", {"chatId": chat, "seq": 2})
    mouth.act("messages:read", {"chatId": chat, "seq": 2})
    ears.wait_for("message:delivered", seq=2)
    desk.wait_for("messages:read", seq=2)
    server.settle()
    if reader_shares and listener_shares:
        expected = [("message:delivered", bob.id, 2), ("messages:read", bob.id, 1), ("messages:read", bob.id, 2)]
    else:
        expected = [("message:delivered", bob.id, 1), ("message:delivered", bob.id, 2)]
    assert _heard(ears) == expected
    own = [("message:delivered", bob.id, 2), ("messages:read", bob.id, 1), ("messages:read", bob.id, 2)]
    assert _heard(desk) == own, "one's own devices hear all of it"


def test_a_change_of_a_chat_says_nothing_of_what_was_read(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(bob, carol, name="group")
    alice.send(chat, "x")
    bob.http.post(f"/chats/{chat}/read", json={})
    ears = carol.socket()
    assert alice.http.patch(f"/chats/{chat}", json={"description": "new"}).status_code == 200
    told = ears.wait_for("chat:updated", description="new")["data"]
    assert [set(one) for one in told["participants"]] == [{"userId", "role", "joinedAt"}] * 3


def test_in_a_crowd_receipts_stay_on_ones_own_devices(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="crowd")
    server.sql(
        "INSERT INTO users (username, password_hash, display_name)"
        " SELECT 'crowd' || n, 'x', 'crowd' FROM generate_series(1, %s) n",
        MOST_TOLD - 1,
    )
    server.sql("INSERT INTO members (chat_id, user_id) SELECT %s, id FROM users WHERE display_name = 'crowd'", chat)
    ears, mouth, desk = alice.socket(), bob.socket(), bob.socket()
    message = alice.send(chat, "x")
    seq = message["seq"]
    mouth.act("message:delivered", {"chatId": chat})
    mouth.act("messages:read", {"chatId": chat})
    desk.wait_for("messages:read", seq=seq)
    server.settle()
    ears.act("ping")
    assert _heard(ears) == []
    assert _heard(desk) == [("message:delivered", bob.id, seq), ("messages:read", bob.id, seq)]
    receipts = alice.http.get(f"/messages/{message['id']}/receipts").json()["receipts"]
    assert receipts[0]["status"] == "read"


def test_an_ended_session_marks_nothing(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.send(chat, "x")
    mouth = bob.socket()
    server.sql("UPDATE sessions SET ended_at = now() WHERE user_id = %s", bob.id)
    assert mouth.refused("message:delivered", {"chatId": chat})["code"] == "session_ended"
    assert server.sql("SELECT delivered_seq FROM members WHERE user_id = %s", bob.id) == [(0,)]
