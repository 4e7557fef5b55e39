"""Rooms: calls of more than four, whose meetings the Amazon Chime SDK has; who may enter them, and when they end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.faults import Fault
from local.processes import wait_until
from tests.support.answers import refusal
from tests.support.people import Person, Register
from tests.support.server import Server

pytestmark = pytest.mark.usefixtures("forgotten_timers")


@pytest.fixture
def small(server: Server) -> Iterator[None]:
    """Rooms are for up to six."""
    with server.settings(room_size=6):
        yield


@pytest.fixture
def many(person: Register) -> list[Person]:
    return [person(name) for name in ("anna", "benn", "cidd", "dann", "evee", "finn")]


@pytest.fixture
def has(server: Server) -> Callable[[dict[str, Any]], bool]:
    """Whether Chime has a meeting: AWS's own client asks."""
    chime = server.stack.aws.client("chime-sdk-meetings")

    def ask(entered: dict[str, Any]) -> bool:
        try:
            chime.create_attendee(MeetingId=entered["Meeting"]["MeetingId"], ExternalUserId="a-test")
        except chime.exceptions.NotFoundException:
            return False
        return True

    return ask


def _start(who: Person, chat: int, **more: Any) -> dict[str, Any]:
    return dict(who.http.post("/calls", json={"chatId": chat, "room": True, **more}).raise_for_status().json())


def _do(who: Person, call: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    return dict(who.http.post(f"/calls/{call['id']}/{what}", json=body).raise_for_status().json())


def _enter(who: Person, call: dict[str, Any]) -> dict[str, Any]:
    return dict(who.http.post(f"/calls/{call['id']}/room").raise_for_status().json())


@pytest.mark.usefixtures("small")
def test_six_are_in_one_room_until_the_last_two_leave(
    many: list[Person], server: Server, has: Callable[[dict[str, Any]], bool]
) -> None:
    ann, *others = many
    group = ann.chat_with(*others, name="Six")
    ears = others[0].socket()
    call = _start(ann, group)
    assert (call["isRoom"], len(call["participants"])) == (True, 6)
    assert ears.wait_for("call:ring")["data"]["call"]["isRoom"] is True
    for other in others[1:]:
        _do(other, call, "accept")
    socket = others[1].socket()
    entered = [_enter(ann, call), socket.act("call:room"), *(_enter(other, call) for other in others[2:])]
    assert len({one["Meeting"]["MeetingId"] for one in entered}) == 1
    assert entered[0]["Meeting"]["MediaRegion"] == "eu-central-1"
    assert {"AudioHostUrl", "SignalingUrl"} <= entered[0]["Meeting"]["MediaPlacement"].keys()
    present = [ann, *others[1:]]
    assert [one["Attendee"]["ExternalUserId"] for one in entered] == [f"user-{who.id}" for who in present]
    assert len({one["Attendee"]["JoinToken"] for one in entered}) == 5
    assert _enter(ann, call) == entered[0], "again is as once"

    # It rings for one still, who has no way in before they answer, nor has who left it.
    assert refusal(others[0].http.post(f"/calls/{call['id']}/room")) == (409, "not_in_call")
    _do(others[4], call, "end")
    assert refusal(others[4].http.post(f"/calls/{call['id']}/room")) == (409, "not_in_call")
    assert socket.refused("call:offer", {"callId": call["id"], "to": ann.id, "sdp": "v=0"})["code"] == "call_is_room"
    for who in (others[0], others[2], others[3]):
        _do(who, call, "end")
    # Who has left is put out.
    assert wait_until(lambda: server.sql("SELECT count(*) FROM call_attendees") == [(2,)], seconds=20)
    assert has(entered[0])
    assert _do(ann, call, "end")["status"] == "ended"
    assert wait_until(lambda: server.sql("SELECT count(*) FROM call_meetings") == [(0,)], seconds=20)
    assert not has(entered[0])
    assert refusal(ann.http.post(f"/calls/{call['id']}/room")) == (410, "call_ended")
    assert ann.messages(group)[0]["call"]["isRoom"] is True


def test_without_the_setting_there_are_none(alice: Person, bob: Person, server: Server) -> None:
    chat = alice.chat_with(bob)
    with server.settings(chime_region=""):
        assert refusal(alice.http.post("/calls", json={"chatId": chat, "room": True})) == (422, "rooms_off")
    call = alice.http.post("/calls", json={"chatId": chat}).raise_for_status().json()
    assert call["isRoom"] is False
    for who in (alice, bob):
        assert refusal(who.http.post(f"/calls/{call['id']}/room")) == (422, "not_a_room")
    assert _start(bob, chat)["isRoom"] is False, "the call that there is"
    _do(alice, call, "end")
    room = _start(alice, chat)
    with server.settings(chime_region=""):
        assert refusal(alice.http.post(f"/calls/{room['id']}/room")) == (422, "rooms_off")


@pytest.mark.usefixtures("small")
def test_who_may_enter(many: list[Person], person: Register, server: Server) -> None:
    ann, ben, cid, dan, eve, fin = many
    gus, stranger = person("guss"), person("stranger")
    group = ann.chat_with(ben, cid, dan, eve, fin, gus, name="Seven")
    assert refusal(ann.http.post("/calls", json={"chatId": group, "room": True})) == (422, "call_full")
    call = _start(ann, group, userIds=[who.id for who in (ben, cid, dan, eve, fin)])
    assert refusal(gus.http.post(f"/calls/{call['id']}/accept", json={})) == (422, "call_full")
    assert refusal(stranger.http.post(f"/calls/{call['id']}/room")) == (404, "not_found")
    assert refusal(gus.http.post("/calls", json={"chatId": group})) == (422, "call_is_room"), "a client without rooms"
    for who in (ben, cid, dan):
        _do(who, call, "accept")
    entered = {who.id: _enter(who, call) for who in (ann, ben, cid)}

    # Who is put out of the group is put out of the room, and who has blocked the caller gets no way in.
    ann.http.delete(f"/chats/{group}/participants/{ben.id}").raise_for_status()
    assert refusal(ben.http.post(f"/calls/{call['id']}/room"))[0] == 404
    dan.http.put(f"/blocks/{ann.id}").raise_for_status()
    assert refusal(dan.http.post(f"/calls/{call['id']}/room")) == (403, "blocked")
    server.sql("UPDATE calls SET due_at = now()")
    server.stack.triggers.fire_schedule("sweep")
    chime = server.stack.aws.client("chime-sdk-meetings")
    meeting = entered[ann.id]["Meeting"]["MeetingId"]
    with pytest.raises(ClientError, match="NotFoundException"):
        chime.delete_attendee(MeetingId=meeting, AttendeeId=entered[ben.id]["Attendee"]["AttendeeId"])
    assert _enter(cid, call) == entered[cid.id]

    with server.settings(rate_limits=True, call_changes=1):
        assert cid.http.post(f"/calls/{call['id']}/room").is_success
        assert refusal(cid.http.post(f"/calls/{call['id']}/room")) == (429, "rate_limited")


def test_chime_fails(alice: Person, bob: Person, server: Server, has: Callable[[dict[str, Any]], bool]) -> None:
    chat = alice.chat_with(bob)
    call = _start(alice, chat)
    _do(bob, call, "accept")
    path = f"/calls/{call['id']}/room"
    for fault, times in ((Fault.SERVICE_FAILING, None), (Fault.SERVICE_THROTTLING, None)):
        with server.put("chalicelib.features.calls.rooms._SECONDS", 0.3):
            server.faults.arm(fault, of="chime", times=times)
            assert refusal(alice.http.post(path)) == (503, "unavailable")
            server.faults.clear()
    with server.put("chalicelib.features.calls.rooms._SECONDS", 0.3):
        server.faults.arm(Fault.SERVICE_SLOW, of="chime", times=None, value=1.0)
        assert refusal(alice.http.post(path)) == (503, "unavailable")
        server.faults.clear()
    server.faults.arm(Fault.SERVICE_THROTTLING, of="chime")
    first = _enter(alice, call)

    # Chime ends a meeting in which nobody is: the next who enters opens another one, for all.
    server.stack.aws.client("chime-sdk-meetings").delete_meeting(MeetingId=first["Meeting"]["MeetingId"])
    second = _enter(bob, call)
    assert second["Meeting"]["MeetingId"] != first["Meeting"]["MeetingId"]
    assert _enter(alice, call)["Meeting"] == second["Meeting"]

    # Where it cannot be deleted at once, the sweep does it.
    server.faults.arm(Fault.SERVICE_FAILING, of="chime", times=None)
    with server.put("chalicelib.features.calls.rooms._SECONDS", 0.3):
        _do(alice, call, "end")
        server.stack.triggers.fire_schedule("sweep")
        assert server.sql("SELECT count(*) FROM call_meetings") == [(1,)]
    server.faults.clear()
    server.stack.triggers.fire_schedule("sweep")
    assert not has(second)


def test_a_room_goes_with_its_chat(alice: Person, bob: Person, server: Server, has: Callable[..., bool]) -> None:
    group = alice.chat_with(bob, name="Short")
    call = _start(alice, group)
    entered = _enter(alice, call)
    alice.http.delete(f"/chats/{group}").raise_for_status()
    for _ in range(3):
        server.stack.triggers.fire_schedule("sweep")
    assert not has(entered)


def test_a_refusal_of_chimes_says_who_can_help(alice: Person, bob: Person, server: Server) -> None:
    chat = alice.chat_with(bob)
    error = {"target": "chalicelib.core.aws.chime", "error": "chalicelib.core.aws.AwsError"}
    refused = ("tests.support.doctored.fail", {**error, "arguments": ["ForbiddenException"]})
    with server.prepared(refused):
        call = _start(alice, chat)
        assert refusal(alice.http.post(f"/calls/{call['id']}/room")) == (502, "room_failed")
