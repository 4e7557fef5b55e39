"""Receipts: watermarks that only go up, unread counts, and what each message's status is made of."""

from typing import Any

from tests.support.answers import at_once, refusal, refused_fields, told
from tests.support.people import Person
from tests.support.server import Server


def _read(who: Person, chat: int, **body: Any) -> dict[str, Any]:
    answer = who.http.post(f"/chats/{chat}/read", json=body)
    assert answer.status_code == 200, answer.text
    marks: dict[str, Any] = answer.json()
    return marks


def _statuses(who: Person, chat: int) -> list[str]:
    return [message["status"] for message in who.history(chat, after=0)]


def _say(who: Person, chat: int, count: int) -> None:
    for number in range(count):
        who.send(chat, str(number))


def test_a_watermark_goes_up_and_never_beyond_or_back(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    _say(alice, chat, 5)
    for body, read in (
        ({"seq": 0}, 0),
        ({"seq": 2}, 2),
        ({"seq": 1}, 2),
        ({"seq": 0}, 2),
        ({"seq": 4}, 4),
        ({"seq": 5}, 5),
        ({"seq": 3}, 5),
        ({"seq": None}, 5),
        ({}, 5),
    ):
        expected = {"chatId": chat, "deliveredSeq": read, "readSeq": read, "unreadCount": 5 - read}
        assert _read(bob, chat, **body) == expected
        seen = bob.http.get(f"/chats/{chat}").json()
        assert {name: seen[name] for name in ("deliveredSeq", "readSeq", "unreadCount")} == {
            name: expected[name] for name in ("deliveredSeq", "readSeq", "unreadCount")
        }
        (mine,) = [participant for participant in seen["participants"] if participant["userId"] == bob.id]
        assert (mine["deliveredSeq"], mine["readSeq"]) == (read, read)


def test_a_number_that_no_message_has_is_refused(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    head = alice.send(chat, "one")
    alice.send(chat, "two", replyTo=head["id"])
    for seq in (3, 2**53 - 1):
        for path in (f"/chats/{chat}/read", f"/chats/{chat}/delivered", f"/messages/{head['id']}/thread/read"):
            assert refused_fields(bob.http.post(path, json={"seq": seq})) == [("seq", "out_of_range")]
        refused = bob.socket().refused("messages:read", {"chatId": chat, "seq": seq})
        assert [(error["field"], error["code"]) for error in refused["errors"]] == [("seq", "out_of_range")]
    seen = bob.http.get(f"/chats/{chat}").json()
    assert (seen["readSeq"], seen["deliveredSeq"]) == (0, 0)


def test_when_a_message_was_read_is_kept_while_later_ones_are(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    sent = [alice.send(chat, str(number)) for number in range(5)]
    ears = alice.socket()

    def read_at(message: dict[str, Any]) -> str | None:
        (receipt,) = alice.http.get(f"/messages/{message['id']}/receipts").json()["receipts"]
        assert receipt["status"] == "read"
        time: str | None = receipt["readAt"]
        return time

    _read(bob, chat, seq=2)
    first = read_at(sent[0])
    assert first is not None
    assert read_at(sent[1]) == first == ears.wait_for("messages:read", seq=2)["data"]["readAt"]
    _read(bob, chat, seq=3)
    bob.send(chat, "a reply")
    by_reply = ears.wait_for("messages:read", seq=6)["data"]
    assert (by_reply["userId"], by_reply["chatId"]) == (bob.id, chat)
    assert by_reply["readAt"] == read_at(sent[4])
    assert read_at(sent[0]) == read_at(sent[1]) == first
    assert first < (read_at(sent[2]) or "") < by_reply["readAt"]

    bob.send(chat, "who has read all tells nothing more")
    server.sql(
        """
        INSERT INTO read_steps (chat_id, user_id, after_seq, seq, read_at)
        SELECT %s, %s, n - 1, n, now() FROM generate_series(15, 111) n
        """,
        *(chat, bob.id),
    )
    server.sql("UPDATE chats SET last_seq = 111 WHERE id = %s", chat)
    alice.send(chat, "one more")
    _read(bob, chat)
    ears.wait_for("messages:read", seq=112, userId=bob.id)
    told = [frame["data"] for frame in ears.events("messages:read")]
    assert [data["seq"] for data in told if data["userId"] == bob.id] == [2, 3, 6, 112]
    assert read_at(sent[0]) is None, "too many have come since"
    assert read_at(sent[4]) == by_reply["readAt"]
    assert server.sql("SELECT count(*) FROM read_steps WHERE chat_id = %s AND user_id = %s", chat, bob.id) == [(100,)]


def test_without_a_number_everything_is_read(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for path in (f"/chats/{chat}/read", f"/messages/chat/{chat}/read"):
        alice.send(chat, "x")
        assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == 1
        marks = bob.http.post(path).json()
        assert marks["unreadCount"] == 0
        assert bob.http.post(path, json={}).json() == marks


def test_reading_an_empty_chat(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    assert _read(bob, chat) == {"chatId": chat, "deliveredSeq": 0, "readSeq": 0, "unreadCount": 0}


def test_at_once_the_highest_remains(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    _say(alice, chat, 12)
    marks = at_once(lambda number: _read(bob, chat, seq=12 - number), 12)
    assert bob.http.get(f"/chats/{chat}").json()["readSeq"] == 12
    for number, mark in enumerate(marks):
        assert mark["readSeq"] >= 12 - number


def test_statuses_in_a_private_chat(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    _say(alice, chat, 3)
    assert _statuses(alice, chat) == ["sent", "sent", "sent"]
    server.sql("UPDATE members SET delivered_seq = 2 WHERE user_id = %s", bob.id)
    assert _statuses(alice, chat) == ["delivered", "delivered", "sent"]
    _read(bob, chat, seq=1)
    assert _statuses(alice, chat) == ["read", "delivered", "sent"]
    assert _statuses(bob, chat) == ["read", "delivered", "sent"], "for the reader: what they did themselves"
    bob.send(chat, "answer")
    assert _statuses(alice, chat) == ["read", "read", "read", "sent"], "who answers has read"
    assert _statuses(bob, chat) == ["read", "read", "read", "sent"]
    assert bob.http.get("/chats").json()["chats"][0]["lastMessage"]["status"] == "sent"
    _read(alice, chat)
    assert _statuses(bob, chat) == ["read", "read", "read", "read"]


def test_statuses_in_a_group_wait_for_the_last_one(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    _say(alice, chat, 2)
    _read(bob, chat)
    assert _statuses(alice, chat) == ["sent", "sent"]
    one = alice.history(chat, after=0)[0]
    _read(carol, chat, seq=one["seq"])
    assert _statuses(alice, chat) == ["read", "sent"]
    assert _statuses(bob, chat) == ["read", "read"]
    assert _statuses(carol, chat) == ["read", "sent"]
    assert alice.http.get(f"/messages/{one['id']}").json()["status"] == "read"
    alice.http.delete(f"/chats/{chat}/participants/{carol.id}")
    assert _statuses(alice, chat) == ["read", "read"], "who has left is not waited for"
    assert _statuses(bob, chat) == ["read", "read"]


def test_alone_nobody_reads(alice: Person) -> None:
    chat = alice.chat_with(name="alone")
    alice.send(chat, "anybody?")
    assert _statuses(alice, chat) == ["sent"]
    assert alice.http.get(f"/chats/{chat}").json()["unreadCount"] == 0


def test_newcomers_do_not_make_read_messages_unread(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    alice.send(chat, "x")
    _read(bob, chat)
    alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id})
    assert _statuses(alice, chat) == ["read"]


def test_reading_is_told_once(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    ears = alice.socket()
    _say(alice, chat, 3)
    for seq in (2, 2, 1, 3, 3):
        _read(bob, chat, seq=seq)
    for seq in (2, 3):
        assert ears.wait_for("messages:read", chatId=chat, userId=bob.id, seq=seq)["data"]["readAt"].endswith("Z")
    server.settle()
    assert [event["data"]["seq"] for event in ears.events("messages:read")] == [2, 3]


def test_what_is_no_mark_is_refused_by_name(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for path in (f"/chats/{chat}/read", f"/messages/chat/{chat}/read"):
        for body, field, code in (
            ({"seq": -1}, "seq", "out_of_range"),
            ({"seq": 2**53}, "seq", "out_of_range"),
            ({"seq": "1"}, "seq", "wrong_type"),
            ({"seq": 1.0}, "seq", "wrong_type"),
            ({"seq": True}, "seq", "wrong_type"),
            ({"seq": 1, "userId": 1}, "userId", "unknown_field"),
        ):
            assert refused_fields(bob.http.post(path, json=body)) == [(field, code)], body


def test_marks_are_for_members(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob)
    for path in ("/chats/{}/read", "/messages/chat/{}/read"):
        there = carol.http.post(path.format(chat), json={})
        assert refusal(there) == (404, "not_found")
        assert told(there) == told(carol.http.post(path.format(999_999), json={}))
