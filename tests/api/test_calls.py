"""Calls by REST: who calls whom, how each of them ends, and what is kept of it."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.core import context
from chalicelib.features.calls import tending
from chalicelib.realtime import connections
from chalicelib.realtime.connections import Connection
from tests.support.answers import at_once, refusal
from tests.support.people import Person, Register, of_session
from tests.support.server import Server

pytestmark = pytest.mark.usefixtures("forgotten_timers")


def _call(who: Person, chat: int, **more: Any) -> dict[str, Any]:
    answer = who.http.post("/calls", json={"chatId": chat, **more})
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


def _do(who: Person, call: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    return dict(who.http.post(f"/calls/{call['id']}/{what}", json=body).raise_for_status().json())


def _states(call: dict[str, Any]) -> dict[int, str]:
    return {one["userId"]: one["state"] for one in call["participants"]}


def _record(who: Person, chat: int) -> dict[str, Any]:
    """The newest message of a chat, which tells a call."""
    newest = who.messages(chat)[0]
    assert newest["messageType"] == "call"
    return newest


def _second_device(who: Person, server: Server) -> Person:
    body = {"username": who.username, "password": "correct horse battery"}
    return of_session(server.url, who.http.post("/auth/login", json=body).raise_for_status().json())


def test_an_answered_call_from_its_start_to_its_record(alice: Person, bob: Person, server: Server) -> None:
    chat = alice.chat_with(bob)
    phone, tablet, caller = bob.socket(), _second_device(bob, server), alice.socket()
    ears = tablet.socket()
    call = _call(alice, chat, type="video", sdp="v=0 offer")
    assert (call["status"], call["callerId"], call["type"]) == ("ringing", alice.id, "video")
    assert _states(call) == {alice.id: "joined", bob.id: "ringing"}
    for device in (phone, ears):
        rung = device.wait_for("call:ring", callId=call["id"])
        assert (rung["data"]["sdp"], rung["data"]["silent"], rung["data"]["userId"]) == ("v=0 offer", False, alice.id)
        assert {user["id"] for user in rung["users"]} == {alice.id, bob.id}
    again = alice.http.post("/calls", json={"chatId": chat})
    assert (again.status_code, again.json()["id"]) == (200, call["id"]), "one call a chat"

    _do(bob, call, "ring")
    assert caller.wait_for("call:ring", userId=bob.id)["data"]["call"]["participants"][1]["ringing"] is True
    assert _do(bob, call, "accept", sdp="v=0 answer")["status"] == "active"
    assert caller.wait_for("call:accept", userId=bob.id)["data"]["sdp"] == "v=0 answer"
    assert ears.wait_for("call:end")["data"]["reason"] == "answered_elsewhere"
    assert refusal(tablet.http.post(f"/calls/{call['id']}/accept", json={})) == (409, "answered_elsewhere")
    assert refusal(tablet.http.patch(f"/calls/{call['id']}/state", json={"muted": True})) == (409, "not_in_call")
    bob.http.patch(f"/calls/{call['id']}/state", json={"muted": True, "screen": True}).raise_for_status()
    told = caller.wait_for("call:state", userId=bob.id)["data"]["call"]["participants"][1]
    assert (told["muted"], told["camera"], told["screen"], told["connected"]) == (True, False, True, True)

    server.sql("UPDATE calls SET answered_at = answered_at - interval '65 seconds'")
    over = _do(alice, call, "end")
    assert (over["status"], over["answeredBy"], over["duration"] >= 65) == ("ended", bob.id, True)
    assert phone.wait_for("call:end")["data"]["reason"] == "ended"
    assert _do(bob, call, "end") == bob.http.get(f"/calls/{call['id']}").json(), "again is as once"
    assert refusal(bob.http.post(f"/calls/{call['id']}/accept", json={})) == (410, "call_ended")
    message = phone.wait_for("message:new")["data"]
    assert message == _record(bob, chat)
    assert message["content"].startswith("Video call, 00:01:0")
    assert (message["senderId"], message["call"]["seq"], message["call"]["status"]) == (alice.id, 1, "ended")
    assert {name: over[name] for name in message["call"]} == message["call"]
    assert bob.http.get("/unread").json() == {
        "unreadCount": 0,
        "unreadChats": 0,
        "requestCount": 0,
        "missedCalls": 0,
        "chats": [],
    }
    tablet.close()


def test_a_call_that_nobody_answers_is_missed_by_the_sweep(alice: Person, bob: Person, server: Server) -> None:
    chat = alice.chat_with(bob)
    cursor = bob.http.get("/sync").json()["nextCursor"]
    ears = bob.socket()
    call = _call(alice, chat)
    server.sql("UPDATE calls SET due_at = due_at - interval '46 seconds'")
    server.stack.triggers.fire_schedule("sweep")
    assert alice.http.get(f"/calls/{call['id']}").json()["status"] == "ringing", "its ring is not over"
    server.sql("UPDATE call_parties SET ring_until = ring_until - interval '46 seconds'")
    server.sql("UPDATE calls SET due_at = now()")
    server.stack.triggers.fire_schedule("sweep")
    assert ears.wait_for("call:end")["data"]["reason"] == "missed"
    assert _record(bob, chat)["content"] == "Missed audio call"
    unread = bob.http.get("/unread").json()
    assert (unread["unreadCount"], unread["missedCalls"]) == (1, 1)
    assert alice.http.get("/unread").json()["unreadCount"] == 0, "to the caller it is nothing new"
    news = bob.http.get("/sync", params={"cursor": cursor}).json()["events"]
    assert [one["data"]["call"]["status"] for one in news if one["type"] == "message:new"] == ["missed"]
    message = _record(bob, chat)["id"]
    for method, path, body in (
        ("PUT", "", {"content": "x"}),
        ("DELETE", "", None),
        ("PUT", "/pin", None),
        ("POST", "/forward", {"chatIds": [chat]}),
    ):
        for who in (alice, bob):
            assert refusal(who.http.request(method, f"/messages/{message}{path}", json=body)) == (403, "forbidden")
    bob.http.delete(f"/messages/{message}", params={"for": "me"}).raise_for_status()
    assert (bob.http.get("/unread").json()["missedCalls"], bob.http.get("/calls").json()["calls"]) == (0, [])
    assert bob.http.get("/unread").json()["unreadCount"] == 0


def test_the_other_endings(alice: Person, bob: Person, carol: Person) -> None:
    chat = alice.chat_with(bob)
    assert _do(bob, _call(alice, chat), "decline")["status"] == "declined"
    assert _do(alice, _call(alice, chat), "end")["status"] == "missed", "the caller gave up"
    failed = _call(alice, chat)
    _do(bob, failed, "accept")
    assert _do(bob, failed, "end", reason="failed")["status"] == "failed"
    talk = _call(alice, chat)
    _do(bob, talk, "accept")
    with_carol = carol.chat_with(bob)
    busy = _call(carol, with_carol)
    assert (busy["status"], _states(busy)) == ("busy", {carol.id: "left", bob.id: "busy"})
    assert refusal(bob.http.post("/calls", json={"chatId": with_carol})) == (409, "already_in_call")
    _do(alice, talk, "end")
    found = [one["status"] for one in bob.http.get("/calls").json()["calls"]]
    assert found == ["busy", "ended", "failed", "missed", "declined"]
    assert bob.http.get("/unread").json()["missedCalls"] == 2
    bob.http.post(f"/chats/{chat}/read", json={}).raise_for_status()
    assert bob.http.get("/unread").json()["missedCalls"] == 1
    for query, count in (
        ({"missed": "true"}, 2),
        ({"status": "declined"}, 1),
        ({"direction": "outgoing"}, 0),
        ({"chatId": str(with_carol)}, 1),
        ({"type": "video"}, 0),
    ):
        assert len(bob.http.get("/calls", params=query).json()["calls"]) == count, query
    page = bob.http.get("/calls", params={"limit": 3}).json()
    rest = bob.http.get("/calls", params={"limit": 3, "cursor": page["nextCursor"]}).json()
    seen = [one["id"] for one in page["calls"] + rest["calls"]]
    assert (len(seen), seen, rest["hasMore"]) == (5, sorted(seen, reverse=True), False)
    assert {user["id"] for user in page["users"] + rest["users"]} == {alice.id, bob.id, carol.id}


def test_two_who_call_each_other_at_once_are_in_one_call(alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    answers = at_once(lambda place: (alice, bob)[place].http.post("/calls", json={"chatId": chat}), 2)
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    (call,) = alice.http.get("/calls").json()["calls"]
    assert (call["status"], set(_states(call).values())) == ("active", {"joined"})


def test_a_group_of_four_and_no_more(person: Register, server: Server) -> None:
    ann, ben, cid, dan, eve = (person(name) for name in ("anna", "benn", "cidd", "dann", "evee"))
    group = ann.chat_with(ben, cid, dan, eve, name="Hikers")
    assert refusal(ann.http.post("/calls", json={"chatId": group})) == (422, "call_full")
    call = _call(ann, group, userIds=[ben.id, cid.id])
    ears = dan.socket()
    _do(ann, call, "ring", userIds=[dan.id])
    ears.wait_for("call:ring", userId=ann.id)
    assert refusal(ann.http.post(f"/calls/{call['id']}/ring", json={"userIds": [eve.id]})) == (422, "call_full")
    assert refusal(eve.http.post(f"/calls/{call['id']}/accept", json={})) == (422, "call_full")
    _do(ben, call, "accept")
    _do(cid, call, "decline")
    assert _do(eve, call, "accept")["status"] == "active", "a member who was not called comes by"
    gone = _do(ann, call, "end")
    assert (gone["status"], gone["callerId"]) == ("active", ann.id), "it goes on without who has started it"
    _do(ben, call, "end")
    over = _do(eve, call, "end")
    assert (over["status"], _states(over)[dan.id], over["answeredBy"]) == ("ended", "missed", ben.id)
    unread = {who.username: who.http.get("/unread").json() for who in (ann, ben, cid, dan, eve)}
    assert [unread[name]["missedCalls"] for name in ("anna", "benn", "cidd", "dann", "evee")] == [0, 0, 0, 1, 0]
    assert unread["dann"]["unreadCount"] - unread["cidd"]["unreadCount"] == 1, "unread for who missed it alone"


def test_who_may_call(alice: Person, bob: Person, carol: Person, server: Server) -> None:
    chat = alice.chat_with(bob)
    assert refusal(carol.http.post("/calls", json={"chatId": chat})) == (404, "not_found")
    call = _call(alice, chat)
    for what in ("accept", "decline", "end", "ring"):
        assert refusal(carol.http.post(f"/calls/{call['id']}/{what}", json={})) == (404, "not_found")
    assert refusal(carol.http.get(f"/calls/{call['id']}")) == (404, "not_found")
    _do(alice, call, "end")
    bob.http.patch("/users/me/privacy", json={"calls": "contacts"}).raise_for_status()
    assert refusal(alice.http.post("/calls", json={"userId": bob.id})) == (403, "call_refused")
    bob.http.post("/contacts", json={"userId": alice.id}).raise_for_status()
    _do(bob, dict(alice.http.post("/calls", json={"userId": bob.id}).raise_for_status().json()), "decline")
    assert bob.http.patch("/users/me/privacy", json={"calls": "nobody"}).json()["calls"] == "nobody"
    group = alice.chat_with(bob, carol, name="Three")
    assert _states(_call(alice, group)) == {alice.id: "joined", carol.id: "ringing"}
    alice.http.post("/calls/1000000/end", json={})
    bob.http.put(f"/blocks/{alice.id}").raise_for_status()
    assert refusal(alice.http.post("/calls", json={"chatId": chat})) == (403, "blocked")
    saved = alice.chat_with(alice)
    assert refusal(alice.http.post("/calls", json={"chatId": saved})) == (422, "not_yourself")
    with server.settings(rate_limits=True, calls=1):
        assert refusal(carol.http.post("/calls", json={"chatId": group, "userIds": [carol.id]})) == (
            422,
            "unknown_user",
        )
        carol.http.post("/calls", json={"chatId": group}).raise_for_status()
        limited = carol.http.post("/calls", json={"chatId": group})
        assert refusal(limited) == (429, "rate_limited")


def test_a_party_without_a_socket_has_half_a_minute(alice: Person, bob: Person, server: Server) -> None:
    chat = alice.chat_with(bob)
    ears, lost = alice.socket(), bob.socket()
    call = _call(alice, chat)
    _do(bob, call, "accept")
    lost.close()
    told = ears.wait_for("call:state", userId=None)["data"]["call"]["participants"]
    assert [one["connected"] for one in told] == [True, False]
    back = bob.socket()
    back.act("ping")
    while not all(one["connected"] for one in alice.http.get(f"/calls/{call['id']}").json()["participants"]):
        ears.act("ping")
    back.close()
    while all(one["connected"] for one in alice.http.get(f"/calls/{call['id']}").json()["participants"]):
        ears.act("ping")
    server.sql("UPDATE call_parties SET lost_at = lost_at - interval '31 seconds'")
    server.sql("UPDATE calls SET due_at = now()")
    server.stack.triggers.fire_schedule("sweep")
    over = ears.wait_for("call:end")["data"]
    assert (over["reason"], over["userId"], _states(over["call"])[bob.id]) == ("failed", None, "left")


def test_who_answers_while_a_call_is_looked_at_is_not_lost(
    alice: Person, bob: Person, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, tablet = alice.socket(), bob.socket(), _second_device(bob, server)
    call = _call(alice, alice.chat_with(bob))

    def meanwhile(user_ids: Sequence[int]) -> list[Connection]:
        _do(bob, call, "accept")
        return connections.alive(user_ids)

    monkeypatch.setattr(tending, "connections", SimpleNamespace(alive=meanwhile))
    with context.begin():
        tending.tend(call["id"])
    assert refusal(tablet.http.post(f"/calls/{call['id']}/accept", json={})) == (409, "answered_elsewhere")


def test_ice_servers(alice: Person, server: Server) -> None:
    answer = alice.http.get("/calls/ice-servers").json()
    assert answer["iceServers"] == []
    servers = ("stun:s.example.com:3478", "turn:a.example.com:3478|turns:a.example.com:5349=3", "turn:b.example.com")
    with server.settings(ice_servers=servers, turn_secret="shared"):
        answer = alice.http.get("/calls/ice-servers").json()
    stun, *relays = answer["iceServers"]
    assert stun == {"urls": ["stun:s.example.com:3478"]}
    assert {relay["urls"][0] for relay in relays} == {"turn:a.example.com:3478", "turn:b.example.com"}
    until, user_id = relays[0]["username"].split(":")
    assert int(user_id) == alice.id
    digest = hmac.new(b"shared", f"{until}:{alice.id}".encode(), hashlib.sha1).digest()
    assert {relay["credential"] for relay in relays} == {base64.b64encode(digest).decode()}
