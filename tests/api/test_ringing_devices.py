"""Calls that ring by notifications, where no socket is, and that stop to ring."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import push_service
from tests.support.people import Person, Register, of_session
from tests.support.push_service import Browser, PushService
from tests.support.server import Server

pytestmark = pytest.mark.usefixtures("forgotten_timers")


@pytest.fixture
def service(server: Server) -> Iterator[PushService]:
    """A push service that the functions may reach."""
    with push_service.running() as running, server.settings(push_hosts=(running.host,)):
        yield running


def _subscribed(person: Person, service: PushService) -> Browser:
    browser = service.browser()
    person.http.post("/devices", json=browser.device).raise_for_status()
    return browser


def _call(who: Person, chat: int, **more: Any) -> dict[str, Any]:
    return dict(who.http.post("/calls", json={"chatId": chat, **more}).raise_for_status().json())


def _do(who: Person, call: dict[str, Any], what: str) -> None:
    who.http.post(f"/calls/{call['id']}/{what}", json={}).raise_for_status()


def _second_device(who: Person, server: Server) -> Person:
    body = {"username": who.username, "password": "correct horse battery"}
    return of_session(server.url, who.http.post("/auth/login", json=body).raise_for_status().json())


def test_a_call_rings_where_no_socket_is_until_the_caller_gives_up(
    service: PushService, alice: Person, bob: Person
) -> None:
    browser, own = _subscribed(bob, service), _subscribed(alice, service)
    chat = alice.chat_with(bob)
    call = _call(alice, chat, type="video", sdp="v=0 offer")
    (rings,) = service.wait_for(browser, 1)
    until = rings.pop("ringUntil")
    preview = {"callerId": alice.id, "callerName": "alice", "chatName": None}
    common = {
        "callId": call["id"],
        "chatId": chat,
        "callType": "video",
        "tag": f"call-{call['id']}",
        "preview": preview,
    }
    assert rings == {"type": "call", "badge": 0, "silent": False, **common}
    assert until > call["startedAt"]
    headers = service.to(browser)[0].headers
    assert (headers["urgency"], headers["topic"]) == ("high", f"call-{call['id']}")
    assert 0 < int(headers["ttl"]) <= 45
    _do(alice, call, "end")
    _, over = service.wait_for(browser, 2)
    assert over == {"type": "call-ended", "reason": "missed", "badge": 1, "silent": True, **common}
    assert service.to(browser)[1].headers["topic"] == headers["topic"]
    # The chat's message says the same: who was rung is not told twice.
    alice.send(chat, "Where are you?")
    assert [each["type"] for each in service.wait_for(browser, 3)] == ["call", "call-ended", "message"]
    assert service.to(own) == []


def test_it_stops_where_another_device_has_answered_or_declined(
    server: Server, service: PushService, alice: Person, bob: Person
) -> None:
    tablet = _second_device(bob, server)
    browsers = [_subscribed(bob, service), _subscribed(tablet, service)]
    chat = alice.chat_with(bob)
    first = _call(alice, chat)
    for browser in browsers:
        service.wait_for(browser, 1)
    _do(tablet, first, "accept")
    assert service.wait_for(browsers[0], 2)[1]["reason"] == "answered_elsewhere"
    _do(alice, first, "end")
    second = _call(alice, chat)
    for count, browser in zip((3, 2), browsers, strict=True):
        assert service.wait_for(browser, count)[-1]["callId"] == second["id"]
    _do(tablet, second, "decline")
    for count, browser in zip((4, 3), browsers, strict=True):
        over = service.wait_for(browser, count)[-1]
        assert (over["callId"], over["reason"]) == (second["id"], "declined")


def test_in_a_group_it_stops_for_who_declines_and_for_whom_it_has_rung_long_enough(
    server: Server, service: PushService, alice: Person, bob: Person, carol: Person, person: Register
) -> None:
    dave = person("dave")
    browsers = {who.id: _subscribed(who, service) for who in (bob, carol)}
    chat = alice.chat_with(bob, carol, dave, name="Friends")
    call = _call(alice, chat)
    rings = [service.wait_for(browser, 1)[0] for browser in browsers.values()]
    assert [each["preview"]["chatName"] for each in rings] == ["Friends", "Friends"]
    _do(bob, call, "decline")
    assert service.wait_for(browsers[bob.id], 2)[1]["reason"] == "declined"
    _do(dave, call, "accept")
    server.sql("UPDATE call_parties SET ring_until = now() WHERE state = 'ringing'")
    server.sql("UPDATE calls SET due_at = now()")
    server.stack.triggers.fire_schedule("sweep")
    assert service.wait_for(browsers[carol.id], 2)[1]["reason"] == "missed"


@pytest.mark.parametrize(("refusing", "by"), [("mute", {}), ("notifications", {"notifyOf": "none"})])
def test_who_has_a_socket_or_refuses_calls_of_the_chat_is_not_rung_and_previews_are_a_choice(
    server: Server,
    service: PushService,
    alice: Person,
    bob: Person,
    carol: Person,
    *,
    refusing: str,
    by: dict[str, str],
) -> None:
    browsers = [_subscribed(bob, service), _subscribed(carol, service)]
    chat = alice.chat_with(bob, carol, name="Friends")
    ears = bob.socket()
    carol.http.put(f"/chats/{chat}/{refusing}", json=by).raise_for_status()
    call = _call(alice, chat)
    ears.wait_for("call:ring", callId=call["id"])
    _do(alice, call, "end")
    ears.wait_for("call:end", callId=call["id"])
    ears.close()
    for who in (bob, carol):
        who.http.delete(f"/chats/{chat}/mute")
        who.http.put(f"/chats/{chat}/notifications", json={"notifyOf": "mentions"}).raise_for_status()
        who.http.patch("/users/me/notifications", json={"previews": False}).raise_for_status()
    again = _call(alice, chat)
    for browser in browsers:
        told = service.wait_for(browser, 1)[0]
        assert (told["type"], told["callId"], told["preview"]) == ("call", again["id"], None)


def test_a_ring_is_tried_again_soon(service: PushService, alice: Person, bob: Person) -> None:
    browser = _subscribed(bob, service)
    service.answers = [(503, {})]
    _call(alice, alice.chat_with(bob))
    assert [each["type"] for each in service.wait_for(browser, 2)] == ["call", "call"]


def test_what_comes_too_late_is_not_sent(server: Server, service: PushService, alice: Person, bob: Person) -> None:
    browser, chat = _subscribed(bob, service), alice.chat_with(bob)
    life = server.put("chalicelib.features.notifications.sending._LIFE_SECONDS", 0)
    with server.recorded() as lines, life:
        alice.send(chat, "too late")
        server.settle()
    assert (lines.the("notification")["outcome"], service.to(browser)) == ("expired", [])
