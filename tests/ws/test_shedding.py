"""Under load typing goes first, then presence, then the live events of receipts; messages always go through."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

import app
from chalicelib.core import context
from chalicelib.features.messages import receipts
from chalicelib.features.messages.schemas import SendInput
from chalicelib.features.messages.send import send
from chalicelib.features.presence import store as presence
from chalicelib.realtime import shedding
from chalicelib.realtime.events import CATALOGUE
from local.faults import Fault
from tests.support.people import Person, Register
from tests.support.presence import come
from tests.support.server import Server
from tests.support.sessions import actor_of
from tests.support.socket import Socket

KINDS = ("typing:start", "user:status", "message:delivered", "messages:read", "message:new")
HEARD = {
    0: set(KINDS),
    1: {"user:status", "message:delivered", "messages:read", "message:new"},
    2: {"message:delivered", "messages:read", "message:new"},
    3: {"message:new"},
}
LEVELS = pytest.mark.parametrize("level", HEARD)


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    shedding.forget()
    yield
    shedding.forget()


_DATA = {"user:status": {"userId": 1, "status": "busy", "statusText": "", "lastSeenAt": None}}


def _everything(alice: Person, mouth: Socket, chat: int, seq: int) -> None:
    """Alice does one of each, a message last."""
    mouth.act("typing:start", {"chatId": chat})
    mouth.act("presence:set", {"status": "busy"})
    mouth.act("message:delivered", {"chatId": chat, "seq": seq})
    mouth.act("messages:read", {"chatId": chat, "seq": seq})
    alice.send(chat, "the message")


def _heard(ears: Socket) -> set[str]:
    ears.wait_for("message:new", content="the message")
    ears.act("ping")
    return {frame["type"] for frame in ears.frames if frame.get("type") in KINDS and _is_new(frame)}


def _is_new(frame: dict[str, Any]) -> bool:
    said: dict[str, Any] = frame["data"]
    return bool(said.get("content", "the message") == "the message")


@LEVELS
def test_the_operators_level_drops_exactly_its_kinds_at_the_publisher(
    server: Server, person: Register, level: int
) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    bob.send(chat, "before")
    ears, mouth = come(server, bob, alice)
    ears.act("ping")
    ears.frames.clear()
    with server.settings(shed_level=level), server.recorded("DEBUG") as lines:
        _everything(alice, mouth, chat, 1)
        assert _heard(ears) == HEARD[level]
    assert {line["type"] for line in lines.all("shed")} == set(KINDS) - HEARD[level]
    marks = bob.http.get(f"/chats/{chat}").json()["participants"]
    assert {mark["userId"]: mark["readSeq"] for mark in marks}[alice.id] == 2, "what is not told live is in the state"


@pytest.mark.parametrize(("waited", "level"), [(0.0, 0), (2.5, 1), (6.0, 2), (20.0, 3), (1000.0, 3)])
def test_a_push_is_judged_by_how_long_it_waited(server: Server, person: Register, waited: float, level: int) -> None:
    bob = person("bob")
    ears = bob.socket()
    ears.wait_for("hello")
    server.settle()
    records = [_record(kind, number, bob.id, waited) for number, kind in enumerate(KINDS)]
    with server.settings(shed_wait_seconds=2):
        assert server.stack.functions.invoke_sync("push", {"Records": records}) == {"batchItemFailures": []}
    ears.act("ping")
    assert {frame["type"] for frame in ears.frames if frame.get("eventId", "").startswith("made:")} == HEARD[level]


def _record(kind: str, number: int, user_id: int, waited: float) -> dict[str, Any]:
    event = {
        "type": kind,
        "eventId": f"made:{number}",
        "ts": "2026-11-20T10:00:00.000Z",
        "data": _DATA.get(kind, {"chatId": 1}),
    }
    return {
        "messageId": f"m{number}",
        "body": json.dumps({"event": event, "userIds": [user_id]}),
        "attributes": {"SentTimestamp": str(int((time.time() - waited) * 1000))},
    }


def test_a_status_that_was_shed_is_told_as_it_is_when_the_load_is_over(server: Server, person: Register) -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    for peer in (bob, carol):
        alice.chat_with(peer)
    bobs, carols, phone = come(server, bob, carol, alice)
    with server.settings(shed_level=2):
        phone.act("presence:set", {"status": "busy"})
        assert alice.http.put(f"/blocks/{carol.id}").is_success
        phone.act("presence:set", {"status": "away", "statusText": "lunch"})
        time.sleep(1.5)  # it is looked at meanwhile, and put off again
        bobs.act("ping")
        assert _statuses(bobs, alice) == _statuses(carols, alice) == ["online"]
    bobs.wait_for("user:status", userId=alice.id, status="away", statusText="lunch")
    phone.wait_for("user:status", userId=alice.id, status="away", statusText="lunch")
    carols.wait_for("user:status", userId=alice.id, status="offline", statusText="", lastSeenAt=None)
    server.settle()
    carols.act("ping")
    assert set(_statuses(bobs, alice)) == {"online", "away"}, "what it was in between is old"
    assert set(_statuses(carols, alice)) == {"online", "offline"}


def test_a_status_that_the_pusher_sheds_is_told_later(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    ears, _ = come(server, bob, alice)
    record = _record("user:status", 1, bob.id, 20.0)
    record["body"] = record["body"].replace('"userId": 1,', f'"userId": {alice.id},')
    with server.settings(shed_wait_seconds=2):
        assert server.stack.functions.invoke_sync("push", {"Records": [record]}) == {"batchItemFailures": []}
    told = ears.wait_for("user:status", userId=alice.id)
    assert (told["data"]["status"], told["eventId"] != "made:1") == ("online", True)


def test_of_several_that_were_shed_the_last_one_waits_alone(server: Server, person: Register) -> None:
    alice, bob, stranger = person("alice"), person("bob"), person("stranger")
    alice.chat_with(bob)
    come(server, alice)
    hearers = [alice.id, bob.id, stranger.id]
    [(told_at,)] = server.sql("SELECT told_at FROM users WHERE id = %s", alice.id)
    for earlier, left in ((0, set(hearers)), (4, set(hearers)), (6, {alice.id, stranger.id})):
        found = presence.views(alice.id, hearers, told_at - timedelta(seconds=earlier))
        assert {viewer for view in found for viewer in view.viewers} == left, "bob hears of what came later"


def _statuses(ears: Socket, subject: Person) -> list[str]:
    return [event["data"]["status"] for event in ears.events("user:status") if event["data"]["userId"] == subject.id]


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_nothing_that_a_client_cannot_find_elsewhere_is_ever_shed(kind: str) -> None:
    """All others but these three kinds go through, however long they waited."""
    may_go = {"typing:start", "typing:stop", "user:status", "message:delivered", "messages:read"}
    assert shedding.sheds(kind, waited=1e9) == (kind in may_go)
    assert shedding.LEVELS.keys() <= CATALOGUE.keys()


@pytest.mark.parametrize(
    ("posts", "throttled", "level"),
    [(0, 0, 0), (1000, 0, 0), (1000, 9, 0), (1000, 10, 1), (1000, 50, 2), (1000, 200, 3), (49, 49, 0)],
)
def test_throttled_posts_raise_the_level_for_a_while(
    monkeypatch: pytest.MonkeyPatch, posts: int, throttled: int, level: int
) -> None:
    now = 1_000_000.0
    monkeypatch.setattr("chalicelib.core.clock.now", lambda: now)
    for _ in range(2):
        shedding.note_posts(posts // 2, throttled // 2)
        shedding.note_posts(posts - posts // 2, throttled - throttled // 2)
        assert shedding.level() == level
        shedding.note_posts(100_000, 0)
        assert shedding.level() == level, "that it flows again does not end it at once"
        now += shedding.HOLD_SECONDS
        assert shedding.level() == 0


def test_a_throttled_gateway_sheds_typing_and_no_message(
    server: Server, person: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inline, in one container: this thread."""
    bob = person("bob")
    ears = bob.socket()
    ears.wait_for("hello")
    server.settle()
    monkeypatch.setattr(shedding, "ENOUGH_POSTS", 1)
    server.faults.arm(Fault.POST_THROTTLED, times=5)
    app.push(_event("message:new", bob.id, 1), None)
    app.push(_event("typing:start", bob.id, 2), None)
    app.push(_event("message:new", bob.id, 3), None)
    ears.act("ping")
    made = [frame["eventId"] for frame in ears.frames if frame.get("eventId", "").startswith("made:")]
    assert made == ["made:1", "made:3"]


def _event(kind: str, user_id: int, number: int) -> dict[str, Any]:
    return {"Records": [_record(kind, number, user_id, 0.0)]}


def test_a_queue_that_takes_nothing_is_not_asked_again_for_what_may_be_lost(server: Server, person: Register) -> None:
    """In one container: this thread."""
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    bob.send(chat, "read me")
    server.settle()
    server.faults.arm(Fault.SERVICE_FAILING, of="sqs", times=None)
    with server.settings(inline_publish_limit=0), server.recorded() as lines:
        for work in (
            lambda: send(actor_of(alice), SendInput(chat_id=chat, content="kept"), "socket"),
            lambda: receipts.mark_read(actor_of(bob), chat, None),
            lambda: send(actor_of(alice), SendInput(chat_id=chat, content="kept too"), "socket"),
        ):
            with context.begin() as current:
                work()
                current.committed()
    server.faults.clear()
    lost = [line["event_id"].partition(":")[0] for line in lines.all("push lost")]
    assert lost == ["message", "message"], "messages are tried again and again"
    assert {line["type"] for line in lines.all("shed")} == {"messages:read"}
    assert [message["content"] for message in bob.history(chat)] == ["kept too", "kept", "read me"]
