"""Sync: nothing that changed is skipped, whoever commits when; and a stale copy plus the events is a fresh one."""

import contextlib
import threading
import time
from typing import Any

import psycopg
import pytest

from chalicelib.features.messages import sync_cursor
from chalicelib.features.messages.sync_changes import MOST_MESSAGES
from tests.support.people import Person, Register
from tests.support.server import Server


def _sync(person: Person, cursor: str | None = None, **query: Any) -> dict[str, Any]:
    answer = person.http.get("/sync", params={**query, **({"cursor": cursor} if cursor else {})})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def _all(person: Person, cursor: str, limit: int = 200) -> tuple[list[dict[str, Any]], str]:
    events: list[dict[str, Any]] = []
    while True:
        page = _sync(person, cursor, limit=limit)
        assert not page.get("resyncRequired"), page
        events += page["events"]
        cursor = page["nextCursor"]
        if not page["hasMore"]:
            return events, cursor


def _of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["type"] == kind]


def test_without_a_cursor_it_says_where_things_stand(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.send(chat, "before")
    head = _sync(bob)
    assert head["events"] == []
    assert head["hasMore"] is False
    sent = alice.send(chat, "after")
    events, cursor = _all(bob, head["nextCursor"])
    assert _of(events, "message:new") == [sent]
    assert _of(events, "chat:updated")[0]["unreadCount"] == 2
    assert _all(bob, cursor)[0] == []


def test_a_transaction_that_commits_late_is_not_skipped(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    early, late = alice.chat_with(bob), carol.chat_with(bob)
    cursor = _sync(bob)["nextCursor"]
    with psycopg.connect(server.database_url) as slow:
        # Takes its transaction's number now and commits after bob has synced past it.
        slow.execute("UPDATE chats SET last_seq = 1 WHERE id = %s", (late,))
        slow.execute(
            "INSERT INTO messages (chat_id, seq, sender_id, message_type, content)"
            " VALUES (%s, 1, %s, 'text', 'late')",
            (late, carol.id),
        )
        alice.send(early, "early")
        events, cursor = _all(bob, cursor)
        assert [message["content"] for message in _of(events, "message:new")] == ["early"]
        slow.commit()
    events, cursor = _all(bob, cursor)
    assert [message["content"] for message in _of(events, "message:new")] == ["late"]
    assert _all(bob, cursor)[0] == []


@pytest.mark.parametrize("most", [1_200, 20])
def test_a_cursor_stays_short_however_many_transactions_run(server: Server, person: Register, most: int) -> None:
    """Where it cannot name them all, it skips nothing, and tells some again."""
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat, other = alice.chat_with(bob), carol.chat_with(bob)
    with contextlib.ExitStack() as running:
        running.enter_context(server.put("chalicelib.features.messages.sync_cursor._SNAPSHOT_LENGTH", most))
        writers = [running.enter_context(psycopg.connect(server.database_url)) for _ in range(5)]
        for number, writer in enumerate(writers):
            writer.execute("SELECT pg_current_xact_id()")
            alice.send(chat, f"between {number}")
        writers[0].execute(
            "INSERT INTO messages (chat_id, seq, sender_id, message_type, content)"
            " VALUES (%s, 1, %s, 'text', 'late')",
            (other, carol.id),
        )
        writers[0].execute("UPDATE chats SET last_seq = 1 WHERE id = %s", (other,))
        cursor = _sync(bob)["nextCursor"]
        assert (len(cursor) < 100) == (most == 20)
        events, cursor = _all(bob, cursor, limit=2)
        assert len(_of(events, "message:new")) == (5 if most == 20 else 0)
        writers[0].commit()
        events, cursor = _all(bob, cursor, limit=2)
        assert "late" in [message["content"] for message in _of(events, "message:new")]
    assert _all(bob, _all(bob, cursor)[1])[0] == []


def test_nothing_is_skipped_while_many_send(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chats = [alice.chat_with(bob), carol.chat_with(bob), alice.chat_with(bob, carol, name="all")]
    cursor = _sync(bob)["nextCursor"]

    def send(who: Person, chat: int) -> None:
        for number in range(25):
            who.send(chat, f"{who.username} {number}")

    senders = [(alice, chats[0]), (carol, chats[1]), (alice, chats[2]), (carol, chats[2])]
    threads = [threading.Thread(target=send, args=sender) for sender in senders]
    for thread in threads:
        thread.start()
    heard: list[dict[str, Any]] = []
    while any(thread.is_alive() for thread in threads):
        events, cursor = _all(bob, cursor, limit=7)
        heard += _of(events, "message:new")
    heard += _of(_all(bob, cursor)[0], "message:new")
    for chat, count in zip(chats, (25, 25, 50), strict=True):
        seqs = [message["seq"] for message in bob.history(chat, after=0, limit=100)]
        assert len(seqs) == count
        assert sorted({message["seq"] for message in heard if message["chatId"] == chat}) == seqs


def test_long_absences_come_in_pages(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    cursor = _sync(bob)["nextCursor"]
    for number in range(25):
        alice.send(chat, str(number))
    events, _ = _all(bob, cursor, limit=10)
    assert [message["seq"] for message in _of(events, "message:new")] == list(range(1, 26))
    assert events[0]["type"] == "chat:updated", "a chat is told before its messages"
    assert len({event["eventId"] for event in events}) == len(events)


def test_what_changed_again_is_another_event(person: Register) -> None:
    """Or a client that drops an event whose id it has seen would keep the old state."""
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    message = alice.send(chat, "one")
    bob.http.put(f"/chats/{chat}/mute", json={}).raise_for_status()
    cursor, told = _sync(bob)["nextCursor"], []
    for number in range(3):
        alice.http.put(f"/messages/{message['id']}", json={"content": str(number)}).raise_for_status()
        bob.http.request("PUT" if number % 2 else "DELETE", f"/chats/{chat}/mute").raise_for_status()
        events, following = _all(bob, cursor, limit=1)
        assert [event["type"] for event in events] == ["chat:updated", "message:updated"]
        told += [event["eventId"] for event in events]
        cursor = following
    assert len(set(told)) == 6, told


def test_long_messages_fit_into_the_answer(server: Server, person: Register) -> None:
    """Lambda passes on 6 MB, however many changes were asked for."""
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    cursor = _sync(bob)["nextCursor"]
    server.write_many(chat, alice.id, "я" * 10_000, 400)
    events, _ = _all(bob, cursor, limit=500)
    assert [message["seq"] for message in _of(events, "message:new")] == list(range(1, 401))


def test_reading_on_another_device_and_by_others(person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.send(chat, "one")
    alices, bobs = _sync(alice)["nextCursor"], _sync(bob)["nextCursor"]
    bob.http.post(f"/chats/{chat}/read", json={})
    events, _ = _all(alice, alices)
    assert _of(events, "messages:read")[0]["userId"] == bob.id
    assert _of(events, "messages:read")[0]["seq"] == 1
    events, _ = _all(bob, bobs)
    assert _of(events, "chat:updated")[0]["unreadCount"] == 0


def test_chats_come_and_go(person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    cursor = _sync(carol)["nextCursor"]
    chat = alice.chat_with(bob, carol, name="three")
    events, cursor = _all(carol, cursor)
    assert [data["id"] for data in _of(events, "chat:created")] == [chat]
    alice.http.delete(f"/chats/{chat}/participants/{carol.id}")
    alice.send(chat, "not for carol")
    events, cursor = _all(carol, cursor)
    assert [event["type"] for event in events] == ["chat:left"]
    assert _of(events, "chat:left") == [{"chatId": chat}]
    alice.http.post(f"/chats/{chat}/participants", json={"userId": carol.id})
    events, _ = _all(carol, cursor)
    assert [event["type"] for event in events] == ["chat:created", "message:new"]
    assert _of(events, "message:new")[0]["system"]["action"] == "added"


def test_a_newcomer_is_told_what_changed_since_they_came_and_not_the_history(
    server: Server, person: Register
) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    chat = alice.chat_with(carol, name="old")
    cursor = _sync(bob)["nextCursor"]
    server.write_many(chat, alice.id, "while bob was no member", MOST_MESSAGES + 1)
    [first] = alice.history(chat, after=0, limit=2)
    _note_moment(server)
    alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id}).raise_for_status()
    alice.http.put(f"/messages/{first['id']}", json={"content": "edited"}).raise_for_status()
    sent = alice.send(chat, "after bob came")
    events, _ = _all(bob, cursor, limit=2)
    assert [event["type"] for event in events][:4] == ["chat:created", *["message:new"] * 3]
    told = [(message["seq"], message["content"]) for message in _of(events, "message:new")]
    came = (sent["seq"] - 1, "alice added bob")
    assert told == [(first["seq"], "edited"), came, (sent["seq"], "after bob came")]
    # Carol's marks are in the chat; alice's moved with her message.
    assert [event["data"]["userId"] for event in events[4:]] == [alice.id, alice.id]


def test_who_was_a_member_at_the_cursor_is_told_all_that_changed_since(server: Server, person: Register) -> None:
    """Their device may still keep what it kept then."""
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="two")
    message = alice.send(chat, "kept")
    cursor = _sync(bob)["nextCursor"]
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}").raise_for_status()
    alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    alice.send(chat, "meanwhile")
    _note_moment(server)
    alice.http.post(f"/chats/{chat}/participants", json={"userId": bob.id}).raise_for_status()
    events, cursor = _all(bob, cursor)
    kinds = [event["type"] for event in events]
    assert kinds[:3] == ["chat:created", "message:deleted", "message:new"]
    assert _all(bob, cursor)[0] == []


def test_a_chat_comes_before_its_messages_though_it_is_joined_between_two_pages(
    server: Server, person: Register
) -> None:
    alice, bob = person("alice"), person("bob")
    cursor = _sync(bob)["nextCursor"]
    first = alice.chat_with(bob, name="first")
    alice.send(first, "one")
    page = _sync(bob, cursor, limit=1)
    assert page["hasMore"]
    second = alice.chat_with(bob, name="second")
    alice.send(second, "two")
    events, cursor = _all(bob, page["nextCursor"])
    events += _all(bob, cursor)[0]
    of_second = [event["type"] for event in events if event["chatId"] == second]
    assert of_second[:2] == ["chat:created", "message:new"]


def test_marks_of_those_whom_the_chat_does_not_name_are_told_in_a_new_chat_too(
    server: Server, person: Register
) -> None:
    """A chat in an event names its first 20 participants; a client may have loaded all of them."""
    alice, bob = person("alice"), person("bob")
    others = [person(f"other{number}") for number in range(20)]
    cursor = _sync(bob)["nextCursor"]
    chat = alice.chat_with(bob, *others, name="many")
    events, _ = _all(bob, cursor)
    assert [event["type"] for event in events] == ["chat:created", "message:new"], "where they begin, the chat says"
    alice.send(chat, "one")
    others[-1].http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    events, _ = _all(bob, cursor)
    assert [read["userId"] for read in _of(events, "messages:read")] == [alice.id, others[-1].id]


def _note_moment(server: Server) -> None:
    """As the sweep does each minute. So long ago that it counts for what comes next."""
    server.sql("INSERT INTO snapshots (taken_at) VALUES (now() - interval '10 seconds')")


def test_nothing_is_told_of_a_chat_that_was_left(person: Register) -> None:
    """Not even what the user did there before: `chat:left` is the last they hear of it."""
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="two")
    message = alice.send(chat, "hidden")
    cursor = _sync(bob)["nextCursor"]
    bob.http.delete(f"/messages/{message['id']}", params={"for": "me"}).raise_for_status()
    bob.http.put(f"/chats/{chat}/draft", json={"content": "begun"}).raise_for_status()
    bob.http.put(f"/chats/{chat}/pin").raise_for_status()
    alice.http.delete(f"/chats/{chat}/participants/{bob.id}").raise_for_status()
    assert [event["type"] for event in _all(bob, cursor)[0]] == ["chat:left"]


def test_the_cursor_of_hello_leads_to_what_came_after(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    hello = bob.socket().wait_for("hello")["data"]
    sent = alice.send(chat, "after hello")
    events, _ = _all(bob, hello["syncCursor"])
    # The chat is new since then as well: it comes with its newest message, and the others are its history.
    assert [data["lastMessage"]["id"] for data in _of(events, "chat:created")] == [sent["id"]]
    mouth = bob.socket()
    assert mouth.act("sync", {"cursor": hello["syncCursor"]})["events"][0]["type"] == "chat:created"
    server.sql("DELETE FROM snapshots")
    assert _sync(bob, hello["syncCursor"])["reason"] == "too_old"


def test_a_moment_of_thirty_days_ago_is_too_old(server: Server, person: Register) -> None:
    """Each sweep notes where things stand, and forgets what was noted thirty days before."""
    alice = person("alice")
    server.sql("UPDATE snapshots SET taken_at = now() - interval '31 days'")
    server.sql("INSERT INTO snapshots (taken_at) VALUES (now() - interval '29 days')")
    days = {days: sync_cursor.cursor_at(time.time() - days * 86_400) for days in (30, 28)}
    assert [_sync(alice, days[ago]).get("reason") for ago in (30, 28)] == [None, None]
    server.stack.triggers.fire_schedule("sweep")
    server.settle()
    assert [_sync(alice, days[ago]).get("reason") for ago in (30, 28)] == ["too_old", None]
    chat = alice.chat_with(name="notes")
    late = sync_cursor.cursor_at(time.time() + 15)  # the moment after the sweep
    noted = server.sql("SELECT count(*) FROM snapshots WHERE taken_at > now() - interval '1 minute'")
    assert noted == [(1,)]
    assert _of(_all(alice, late)[0], "chat:created")[0]["id"] == chat


@pytest.mark.parametrize("cursor", ["x", "W10", "eyJ9", "WyJhIiwgIjE6MjoiXQ", "WyJhIiwiOTk6MToiXQ", "0" * 3000])
def test_cursors_that_are_none_ask_for_a_resync(person: Register, cursor: str) -> None:
    answer = _sync(person("alice"), cursor)
    assert (answer["resyncRequired"], answer["reason"]) == (True, "not_understood")
    assert answer["events"] == []
    assert _sync(person("bob"), answer["nextCursor"]).get("resyncRequired") is None


def test_a_cursor_of_another_database_asks_for_a_resync(server: Server, person: Register) -> None:
    alice = person("alice")
    cursor = _sync(alice)["nextCursor"]
    server.sql("UPDATE epoch SET name = 'restored from a copy'")
    assert _sync(alice, cursor)["reason"] == "not_understood"


def test_too_much_news_asks_for_a_resync(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    cursor = _sync(bob)["nextCursor"]
    server.sql(
        "INSERT INTO messages (chat_id, seq, sender_id, message_type, content)"
        " SELECT %s, n, %s, 'text', 'x' FROM generate_series(1, 5001) n",
        chat,
        alice.id,
    )
    server.sql("UPDATE chats SET last_seq = 5001 WHERE id = %s", chat)
    answer = _sync(bob, cursor)
    assert (answer["resyncRequired"], answer["reason"]) == (True, "too_much")


def test_sync_and_socket_tell_a_state_by_one_id(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    old = alice.send(chat, "old")
    cursor, ears = _sync(bob)["nextCursor"], bob.socket()
    same, edited, gone, hidden = (alice.send(chat, text) for text in ("same", "edited", "gone", "hidden"))
    alice.http.put(f"/messages/{edited['id']}", json={"content": "better"}).raise_for_status()
    for message in (old, gone):
        alice.http.delete(f"/messages/{message['id']}").raise_for_status()
    bob.http.delete(f"/messages/{hidden['id']}", params={"for": "me"}).raise_for_status()
    bob.http.put(f"/chats/{chat}/draft", json={"content": "and"}).raise_for_status()
    ears.wait_for("draft:updated")
    ears.act("ping")
    live = {frame["eventId"]: frame["data"] for frame in list(ears.frames) if "eventId" in frame}
    events, _ = _all(bob, cursor)
    shared = [(event["type"], event["data"]) for event in events if event["eventId"] in live]
    assert [(kind, data.get("id") or data.get("messageId")) for kind, data in shared] == [
        *(("message:deleted", old["id"]), ("message:new", same["id"]), ("message:new", edited["id"])),
        *(("message:deleted", hidden["id"]), ("draft:updated", None)),
    ]
    assert shared[2][1]["content"] == "better", "by the id of the edit"
    own = [event["type"] for event in events if event["eventId"] not in live]
    assert own == ["chat:updated", "message:new", "message:delivered", "messages:read"], "by no live event"
