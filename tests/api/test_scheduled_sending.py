"""What becomes of a message whose time has come: sent once, whatever happens meanwhile, or refused with a reason."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import psycopg
import pytest

from chalicelib.core import context
from chalicelib.core.context import Actor
from chalicelib.core.paging import Page
from chalicelib.features.messages import drafts, scheduled
from chalicelib.features.messages.schemas import DraftInput, ScheduleChange, ScheduleInput, ScheduleQuery
from local.faults import Fault
from local.functions import FunctionError
from tests.support.answers import at_once
from tests.support.people import Person, Register
from tests.support.server import Server
from tests.support.wire import Wire


def _waiting(person: Person) -> dict[int, str | None]:
    """Why each message that waits was refused."""
    found = person.http.get("/messages/scheduled").raise_for_status().json()["scheduled"]
    return {one["id"]: one["refused"] for one in found}


def _let_time_pass(server: Server) -> None:
    server.sql("UPDATE scheduled_messages SET send_at = send_at - interval '2 hours'")


def _sweep(server: Server) -> None:
    server.stack.triggers.fire_schedule("sweep")


def _contents(person: Person, chat: int) -> list[str]:
    return [message["content"] for message in reversed(person.history(chat, limit=100))]


@contextmanager
def _held(server: Server, statement: str, *values: Any) -> Iterator[psycopg.Connection[Any]]:
    """Locks what a statement locks while the block runs."""
    with psycopg.connect(server.database_url) as connection:
        connection.execute(statement.encode(), values)
        yield connection
        connection.rollback()


def test_it_is_sent_when_it_is_due_and_heard_as_any_other(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    asked = bob.send(chat, "?")
    cursor = bob.http.get("/sync").json()["nextCursor"]
    due = alice.schedule(chat, "Привет", replyTo=asked["id"], mentions=[bob.id])
    _let_time_pass(server)
    early = alice.schedule(chat, "not yet")
    alice.http.post("/auth/logout", json={})
    ears = bob.socket()
    _sweep(server)
    message = ears.wait_for("message:new", content="Привет")["data"]
    assert (message["senderId"], message["seq"], message["replyTo"]) == (alice.id, 2, asked["id"])
    assert (message["mentions"], message["clientMessageId"]) == ([bob.id], f"scheduled:{due}")
    assert _contents(bob, chat) == ["?", "Привет"]
    events = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert [event["data"] for event in events if event["type"] == "message:new"] == [message]
    assert server.sql("SELECT id FROM scheduled_messages") == [(early,)]


def test_what_is_due_together_is_sent_in_its_order(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    for number in range(6):
        alice.schedule(chat, str(number))
    _let_time_pass(server)
    _sweep(server)
    assert _contents(bob, chat) == ["0", "1", "2", "3", "4", "5"]
    assert _waiting(alice) == {}


def test_sweeps_at_once_send_each_once(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chats = [alice.chat_with(bob), alice.chat_with(bob, name="two"), alice.chat_with(name="notes")]
    for number in range(30):
        alice.schedule(chats[number % 3], str(number))
    _let_time_pass(server)
    assert sum(at_once(lambda _: scheduled.sweep(), 4)) == 30
    assert sorted(int(text) for chat in chats for text in _contents(alice, chat)) == list(range(30))
    assert _waiting(alice) == {}
    assert scheduled.sweep() == 0


def test_a_sweep_that_is_killed_while_it_sends_sends_nothing_twice(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    alice.schedule(chat, "one")
    alice.schedule(chat, "two")
    _let_time_pass(server)
    with _held(server, "SELECT FROM chats WHERE id = %s FOR UPDATE", chat):
        server.faults.arm(Fault.KILL_AT, of="sweep", value=0.5)
        with pytest.raises(FunctionError):
            _sweep(server)
    server.faults.arm(Fault.KILL_AFTER, of="sweep")
    with pytest.raises(FunctionError):
        _sweep(server)
    # The killed one's transaction holds its message until PostgreSQL has noticed; other sweeps pass it by.
    until = time.monotonic() + 20
    while _waiting(alice) and time.monotonic() < until:
        _sweep(server)
    assert _waiting(alice) == {}
    assert sorted(_contents(bob, chat)) == ["one", "two"]


def test_what_is_not_taken_off_the_list_is_not_sent(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    kept = alice.schedule(chat)
    _let_time_pass(server)
    server.sql("CREATE RULE stays AS ON DELETE TO scheduled_messages DO INSTEAD SELECT 1 / 0")
    assert scheduled.sweep() == 0
    assert (_contents(bob, chat), _waiting(alice)) == ([], {kept: None})
    server.sql("DROP RULE stays ON scheduled_messages")
    assert scheduled.sweep() == 1
    assert _contents(bob, chat) == ["later"]


def test_what_was_sent_already_is_only_taken_off_the_list(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    kept = alice.schedule(chat)
    alice.send(chat, "later", clientMessageId=f"scheduled:{kept}")
    alice.schedule(chat, "named", clientMessageId="m1")
    alice.send(chat, "named", clientMessageId="m1")
    _let_time_pass(server)
    _sweep(server)
    assert _contents(bob, chat) == ["later", "named"]
    assert _waiting(alice) == {}


def test_one_that_is_just_being_sent_is_left_alone(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    taken = alice.schedule(chat, "taken")
    alice.schedule(chat, "free")
    _let_time_pass(server)
    with _held(server, "SELECT FROM scheduled_messages WHERE id = %s FOR UPDATE", taken):
        assert scheduled.sweep() == 1
        assert _contents(bob, chat) == ["free"]
    assert scheduled.sweep() == 1
    assert _contents(bob, chat) == ["free", "taken"]


def test_taking_back_what_is_being_sent_waits_for_the_end(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    waiting = alice.schedule(chat)
    path = f"/messages/scheduled/{waiting}"
    _let_time_pass(server)

    def race(number: int) -> int:
        if number == 0:
            return scheduled.sweep()
        asks = (lambda: alice.http.delete(path), lambda: alice.http.patch(path, json={"content": "changed"}))
        return asks[number - 1]().status_code

    sent, taken_back, changed = at_once(race, 3)
    said = _contents(bob, chat)
    assert len(said) == sent
    assert (taken_back == 204) == (sent == 0), "what was taken back is not sent, and what was sent is not taken back"
    assert changed == 200 or said in ([], ["later"])


def test_who_may_no_longer_write_is_told_why(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    private, group = alice.chat_with(bob), bob.chat_with(alice, carol, name="three")
    left, only_admins = carol.chat_with(alice, name="left"), carol.chat_with(alice, name="quiet")
    file = server.sql(
        "INSERT INTO uploads (owner_id, key, filename, content_type, size, state, expires_at)"
        " VALUES (%s, 'k', 'a.txt', 'text/plain', 3, 'ready', now()) RETURNING id",
        alice.id,
    )[0][0]
    waiting = {
        alice.schedule(private): "blocked",
        alice.schedule(left): "not_found",
        alice.schedule(only_admins): "forbidden",
        alice.schedule(group, mentions=[carol.id]): "unknown_mention",
        alice.schedule(group, attachments=[file]): "unusable_attachment",
    }
    fine = alice.schedule(group, "fine")
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    carol.http.delete(f"/chats/{left}/participants/{alice.id}").raise_for_status()
    bob.http.delete(f"/chats/{group}/participants/{carol.id}").raise_for_status()
    server.sql("UPDATE chats SET who_can_send = 'admins' WHERE id = %s", only_admins)
    server.sql("DELETE FROM uploads WHERE id = %s", file)
    _let_time_pass(server)
    for _ in range(2):
        _sweep(server)
        assert _waiting(alice) == waiting
        assert fine not in _waiting(alice)
    assert _contents(bob, group) == ["fine"]
    assert server.sql("SELECT count(*) FROM messages WHERE sender_id = %s", alice.id) == [(1,)]


def test_what_was_refused_is_tried_again_once_it_was_changed(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    waiting = alice.schedule(chat)
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    _let_time_pass(server)
    _sweep(server)
    assert _waiting(alice) == {waiting: "blocked"}
    bob.http.delete(f"/blocks/{alice.id}").raise_for_status()
    _sweep(server)
    assert _contents(bob, chat) == [], "the user decides whether it still makes sense"
    changed = alice.http.patch(f"/messages/scheduled/{waiting}", json={"content": "later still"})
    assert changed.json()["refused"] is None
    _sweep(server)
    assert _contents(bob, chat) == ["later still"]


def test_one_that_fails_holds_up_no_other(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    broken = alice.schedule(chat, "broken")
    alice.schedule(chat, "fine")
    server.sql("UPDATE scheduled_messages SET message = '{}' WHERE id = %s", broken)
    _let_time_pass(server)
    assert scheduled.sweep() == 1
    assert _contents(bob, chat) == ["fine"]
    assert server.sql("SELECT id, refused FROM scheduled_messages") == [(broken, None)]


def test_each_action_is_one_round_trip(wire: Wire, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    waiting = alice.schedule(chat)
    session_id = jwt.decode(alice.access_token, options={"verify_signature": False})["sid"]
    me = Actor(user_id=alice.id, session_id=session_id)
    later = ScheduleInput(chat_id=chat, content="x", send_at=datetime.now(UTC) + timedelta(hours=1))
    actions: dict[str, Callable[[], object]] = {
        "schedule": lambda: scheduled.schedule(me, later),
        "list": lambda: scheduled.waiting(me, ScheduleQuery()),
        "change": lambda: scheduled.change(me, waiting, ScheduleChange(content="y")),
        "take back": lambda: scheduled.cancel(me, waiting),
        "set a draft": lambda: drafts.set_draft(me, chat, DraftInput(content="x")),
        "a draft": lambda: drafts.draft_of(me, chat),
        "drafts": lambda: drafts.drafts(me, Page()),
        "nothing due": scheduled.sweep,
    }
    for name, act in actions.items():
        wire.reset()
        with context.begin() as current:
            act()
            current.committed()
        assert (wire.round_trips, wire.connections) == (1, 0), name
