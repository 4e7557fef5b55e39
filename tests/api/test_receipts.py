"""Receipts over HTTP: marks by chat and by message, who has received and read a message, and what is hidden of it."""

from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.answers import at_once, refusal, refused_fields, told
from tests.support.people import Person, Register
from tests.support.server import Server


def _mark(who: Person, path: str, **body: Any) -> dict[str, Any]:
    answer = who.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    marks: dict[str, Any] = answer.json()
    return marks


def _receipts(who: Person, message: int, **query: Any) -> list[dict[str, Any]]:
    answer = who.http.get(f"/messages/{message}/receipts", params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["receipts"]
    return found


def _share(who: Person, shares: bool) -> None:
    assert who.http.patch("/users/me/privacy", json={"readReceipts": shares}).status_code == 200


def _of(who: Person, chat: int, other: Person) -> tuple[int, int]:
    """The marks of another member, as somebody sees them."""
    participants = who.http.get(f"/chats/{chat}").json()["participants"]
    (found,) = (one for one in participants if one["userId"] == other.id)
    return found["deliveredSeq"], found["readSeq"]


def test_a_delivery_mark_goes_up_and_takes_no_reading_with_it(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for number in range(5):
        alice.send(chat, str(number))
    for body, delivered in (({"seq": 2}, 2), ({"seq": 1}, 2), ({"seq": 0}, 2), ({"seq": 4}, 4), ({}, 5)):
        expected = {"chatId": chat, "deliveredSeq": delivered, "readSeq": 0, "unreadCount": 5}
        assert _mark(bob, f"/chats/{chat}/delivered", **body) == expected
        assert _of(alice, chat, bob) == (delivered, 0)
    assert [message["status"] for message in alice.history(chat)] == ["delivered"] * 5
    assert _mark(bob, f"/chats/{chat}/read", seq=3)["deliveredSeq"] == 5, "reading takes no delivery back"


def test_a_message_marks_all_before_it(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    ids = [alice.send(chat, str(number))["id"] for number in range(4)]
    assert _mark(bob, f"/messages/{ids[2]}/delivered") == {
        "chatId": chat,
        "deliveredSeq": 3,
        "readSeq": 0,
        "unreadCount": 4,
    }
    assert _mark(bob, f"/messages/{ids[1]}/read") == {
        "chatId": chat,
        "deliveredSeq": 3,
        "readSeq": 2,
        "unreadCount": 2,
    }
    assert _mark(bob, f"/messages/{ids[0]}/read")["readSeq"] == 2, "never back"
    assert [message["status"] for message in alice.history(chat, after=0)] == ["read", "read", "delivered", "sent"]


def test_marks_made_at_once_keep_their_order(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    ids = [alice.send(chat, str(number))["id"] for number in range(12)]

    def mark(number: int) -> dict[str, Any]:
        if number % 2:
            return _mark(bob, f"/messages/{ids[number]}/delivered")
        return _mark(bob, f"/chats/{chat}/read", seq=number)

    for number, marks in enumerate(at_once(mark, 12)):
        assert marks["readSeq"] <= marks["deliveredSeq"] <= 12
        assert marks["deliveredSeq" if number % 2 else "readSeq"] >= number
    assert _of(alice, chat, bob) == (12, 10)


def test_what_is_no_mark_is_refused_by_name(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    for body, field, code in (
        ({"seq": -1}, "seq", "out_of_range"),
        ({"seq": 2**53}, "seq", "out_of_range"),
        ({"seq": "1"}, "seq", "wrong_type"),
        ({"seq": True}, "seq", "wrong_type"),
        ({"seq": 1, "readSeq": 1}, "readSeq", "unknown_field"),
    ):
        assert refused_fields(bob.http.post(f"/chats/{chat}/delivered", json=body)) == [(field, code)], body


def test_what_is_not_there_for_somebody_cannot_be_marked(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob)
    message, hidden = (alice.send(chat, text)["id"] for text in ("one", "two"))
    assert bob.http.delete(f"/messages/{hidden}", params={"for": "me"}).status_code == 204
    for who, subject in ((carol, message), (bob, hidden), (bob, 999_999)):
        for answer in (
            who.http.post(f"/messages/{subject}/read"),
            who.http.post(f"/messages/{subject}/delivered"),
            who.http.get(f"/messages/{subject}/receipts"),
        ):
            assert refusal(answer) == (404, "not_found")
    there, nowhere = (carol.http.post(f"/chats/{number}/delivered", json={}) for number in (chat, 999_999))
    assert refusal(there) == (404, "not_found")
    assert told(there) == told(nowhere)


def test_who_has_received_and_read_a_message(alice: Person, bob: Person, carol: Person, person: Register) -> None:
    dave = person("dave")
    chat = alice.chat_with(bob, carol, dave, name="four")
    first, second = (alice.send(chat, text)["id"] for text in ("one", "two"))
    _mark(bob, f"/messages/{first}/read")
    _mark(carol, f"/messages/{first}/delivered")
    for who in (alice, bob, dave):
        found = _receipts(who, first)
        assert [(one["userId"], one["status"]) for one in found] == [
            (bob.id, "read"),
            (carol.id, "delivered"),
            (dave.id, "sent"),
        ]
        assert [one["readAt"] is not None for one in found] == [True, False, False]
    assert [one["status"] for one in _receipts(alice, second)] == ["sent", "sent", "sent"]
    read_at = _receipts(alice, first)[0]["readAt"]
    _mark(bob, f"/messages/{second}/read")
    assert _receipts(alice, second)[0]["readAt"] > read_at
    assert _receipts(alice, first)[0] == {"userId": bob.id, "status": "read", "readAt": read_at}, "and it lasts"


def test_who_came_later_was_not_sent_it(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, name="group")
    before = alice.send(chat, "before")["id"]
    alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id})
    after = alice.send(chat, "after")["id"]
    assert [one["userId"] for one in _receipts(alice, before)] == [bob.id]
    assert [one["userId"] for one in _receipts(alice, after)] == [bob.id, carol.id]
    assert _receipts(carol, before)[0]["status"] == "sent"


def test_receipts_come_in_pages(server: Server, alice: Person) -> None:
    chat = alice.chat_with(name="crowd")
    server.sql(
        "INSERT INTO users (username, password_hash, display_name)"
        " SELECT 'crowd' || n, 'x', 'crowd' FROM generate_series(1, 25) n"
    )
    server.sql("INSERT INTO members (chat_id, user_id) SELECT %s, id FROM users WHERE display_name = 'crowd'", chat)
    message = alice.send(chat, "x")["id"]
    seen: list[int] = []
    cursor = None
    while True:
        page = alice.http.get(f"/messages/{message}/receipts", params={"limit": "10", **_cursor(cursor)}).json()
        seen += [one["userId"] for one in page["receipts"]]
        cursor = page["nextCursor"]
        if not page["hasMore"]:
            break
    assert cursor is None
    assert len(seen) == len(set(seen)) == 25
    assert seen == sorted(seen)
    for query, field in (({"limit": 0}, "limit"), ({"limit": 101}, "limit"), ({"cursor": "x"}, "cursor")):
        answer = alice.http.get(f"/messages/{message}/receipts", params=query)
        assert [name for name, _ in refused_fields(answer)] == [field]


def _cursor(cursor: str | None) -> dict[str, str]:
    return {"cursor": cursor} if cursor else {}


def test_reading_ten_thousand_messages_writes_the_mark_and_a_step(server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    server.sql(
        "INSERT INTO messages (chat_id, seq, sender_id, message_type, content)"
        " SELECT %s, n, %s, 'text', 'x' FROM generate_series(1, 10000) n",
        chat,
        alice.id,
    )
    server.sql("UPDATE chats SET last_seq = 10000 WHERE id = %s", chat)
    ((before,),) = server.sql("SELECT pg_current_xact_id()::text::bigint")
    assert _mark(bob, f"/chats/{chat}/read")["readSeq"] == 10_000
    assert _written_since(server, before) == {"members": 1, "read_steps": 1}
    ((before,),) = server.sql("SELECT pg_current_xact_id()::text::bigint")
    assert _mark(bob, f"/chats/{chat}/read")["readSeq"] == 10_000
    assert _written_since(server, before) == {}, "what moves nothing writes nothing"


def _written_since(server: Server, transaction: int) -> dict[str, int]:
    """How many rows each table has that a later transaction wrote."""
    with psycopg.connect(server.database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        counts = {}
        for (table,) in tables:
            query = sql.SQL("SELECT count(*) FROM {} WHERE xmin::text::bigint > %s").format(sql.Identifier(table))
            row = connection.execute(query, [transaction]).fetchone()
            assert row is not None
            counts[table] = row[0]
    return {table: count for table, count in counts.items() if count}


# Who shares what they read: the reader, the one who looks; and whether the latter then sees it.
SHARING = [(True, True, True), (False, True, False), (True, False, False), (False, False, False)]


@pytest.mark.parametrize(("reader_shares", "viewer_shares", "sees"), SHARING)
def test_reading_is_seen_where_both_share_it(
    alice: Person, bob: Person, reader_shares: bool, viewer_shares: bool, sees: bool
) -> None:
    _share(alice, viewer_shares)
    chat = alice.chat_with(bob)
    _share(bob, reader_shares)
    message = alice.send(chat, "one")["id"]
    alice.send(chat, "two")
    _mark(bob, f"/messages/{message}/read")
    status = "read" if sees else "delivered"
    assert _of(alice, chat, bob) == (1, 1 if sees else 0)
    assert [each["status"] for each in alice.history(chat)] == ["sent", status]
    assert alice.http.get(f"/messages/{message}").json()["status"] == status
    (receipt,) = _receipts(alice, message)
    assert (receipt["status"], receipt["readAt"] is not None) == (status, sees)
    assert _of(bob, chat, bob) == (1, 1), "one's own marks are one's own to see"
    assert bob.http.get(f"/chats/{chat}").json()["unreadCount"] == 1
    assert [each["status"] for each in bob.history(chat)] == ["sent", "read"]
    listed = next(one for one in alice.http.get("/chats").json()["chats"] if one["id"] == chat)
    assert next(one["readSeq"] for one in listed["participants"] if one["userId"] == bob.id) == (1 if sees else 0)


def test_a_choice_holds_for_what_was_read_before(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    message = alice.send(chat, "x")["id"]
    for who in (bob, carol):
        _mark(who, f"/messages/{message}/read")
    assert alice.history(chat)[0]["status"] == "read"
    _share(bob, False)
    assert alice.history(chat)[0]["status"] == "delivered", "in a group, read by everyone is what everyone shares"
    assert [one["status"] for one in _receipts(alice, message)] == ["delivered", "read"]
    assert [one["status"] for one in _receipts(carol, message)] == ["delivered", "read"]
    assert [one["status"] for one in _receipts(bob, message)] == ["read", "delivered"]
    _share(bob, True)
    assert alice.history(chat)[0]["status"] == "read"


def _sync(who: Person, cursor: str | None = None) -> tuple[list[dict[str, Any]], str]:
    page = who.http.get("/sync", params=_cursor(cursor)).json()
    assert page["hasMore"] is False
    return page["events"], page["nextCursor"]


def _told(events: list[dict[str, Any]]) -> list[tuple[str, int, int]]:
    return [
        (event["type"], event["data"]["userId"], event["data"]["seq"])
        for event in events
        if event["type"] in {"message:delivered", "messages:read"}
    ]


def test_sync_tells_what_is_shown_and_no_more(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob, carol, name="group")
    first, second = (alice.send(chat, text) for text in ("one", "two"))
    _, cursor = _sync(alice)
    _mark(bob, f"/messages/{first['id']}/delivered")
    events, cursor = _sync(alice, cursor)
    assert _told(events) == [("message:delivered", bob.id, first["seq"])]
    _mark(bob, f"/messages/{first['id']}/read")
    events, cursor = _sync(alice, cursor)
    assert _told(events) == [("messages:read", bob.id, first["seq"])]
    assert events[0]["data"]["readAt"] is not None
    _share(bob, False)
    events, cursor = _sync(alice, cursor)
    assert _told(events) == [("messages:read", bob.id, 0)]
    assert events[0]["data"]["readAt"] is None
    _mark(bob, f"/messages/{second['id']}/read")
    events, cursor = _sync(alice, cursor)
    assert _told(events) == [("message:delivered", bob.id, second["seq"])], "that it arrived, not that it was read"
    third = alice.send(chat, "three")
    _mark(bob, f"/chats/{chat}/delivered")
    events, cursor = _sync(alice, cursor)
    _mark(bob, f"/chats/{chat}/read")
    assert _sync(alice, cursor)[0] == [], "not even that there was something"
    _share(bob, True)
    events, cursor = _sync(alice, cursor)
    assert _told(events) == [("messages:read", bob.id, third["seq"])]


def test_sync_tells_who_does_not_share_of_deliveries_alone(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    message = alice.send(chat, "one")["id"]
    _mark(bob, f"/messages/{message}/read")
    _, cursor = _sync(alice)
    _share(alice, False)
    events, cursor = _sync(alice, cursor)
    (fresh,) = (event["data"] for event in events if event["type"] == "chat:updated")
    assert next(one["readSeq"] for one in fresh["participants"] if one["userId"] == bob.id) == 0
    alice.send(chat, "two")
    _mark(bob, f"/chats/{chat}/read")
    events, _ = _sync(alice, cursor)
    assert _told(events) == [("message:delivered", bob.id, 2)]


def test_what_a_member_keeps_to_themselves_is_not_told_to_others(server: Server, alice: Person, bob: Person) -> None:
    alice.chat_with(bob)
    _, cursor = _sync(alice)
    server.sql("UPDATE members SET muted_until = 'infinity' WHERE user_id = %s", bob.id)
    assert _sync(alice, cursor)[0] == []


def test_a_new_member_takes_the_choice_along(alice: Person, bob: Person, carol: Person) -> None:
    _share(carol, False)
    chat = alice.chat_with(bob, name="group")
    alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id})
    seq = alice.send(chat, "x")["seq"]
    _mark(carol, f"/chats/{chat}/read")
    assert _of(alice, chat, carol) == (seq, 0)
    assert _of(carol, chat, carol) == (seq, seq)
