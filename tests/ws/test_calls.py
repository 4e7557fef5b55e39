"""A call by sockets alone: two native clients and one of Socket.IO, from the first ring to the last signal."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.socketio.clients import Client
from tests.support.people import Person
from tests.support.server import Server
from tests.support.socket import Socket

pytestmark = pytest.mark.usefixtures("forgotten_timers")

CANDIDATE = {"candidate": "candidate:0 1 UDP 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}


def _states(call: Any) -> list[str]:
    return [one["state"] for one in call["participants"]]


def test_three_of_two_kinds_talk(
    alice: Person, bob: Person, carol: Person, client: Callable[..., Client], native: Callable[..., Socket]
) -> None:
    group = alice.chat_with(bob, carol, name="Three")
    one, two, three = native(alice), native(bob), client(carol)
    call = one.act("call:start", {"chatId": group, "type": "video"})
    assert _states(call) == ["joined", "ringing", "ringing"]
    two.wait_for("call:ring", callId=call["id"])
    rung = three.wait_for("call:ring")
    assert (rung["callId"], rung["userId"], rung["chatId"]) == (call["id"], alice.id, group)

    two.act("call:ring")
    one.wait_for("call:ring", userId=bob.id)
    assert three.act("call:accept", {"callId": call["id"]})["status"] == "active"
    one.wait_for("call:accept", userId=carol.id)
    two.act("call:accept")
    for socket in (one, two):
        assert socket.wait_for("call:accept", userId=bob.id)["data"]["call"]["status"] == "active"

    # Who came later offers to each of those who were there.
    two.act("call:offer", {"to": carol.id, "sdp": "v=0 from bob", "number": 1})
    offer = three.wait_for("call:offer")
    assert (offer["userId"], offer["sdp"], offer["number"]) == (bob.id, "v=0 from bob", 1)
    three.act("call:answer", {"to": bob.id, "sdp": "v=0 from carol"})
    assert two.wait_for("call:answer")["data"]["sdp"] == "v=0 from carol"
    three.act("call:ice", {"to": bob.id, "candidate": CANDIDATE})
    three.act("call:ice", {"to": bob.id, "candidate": None})
    heard = two.wait_for("call:ice", candidate=None)
    assert heard["data"]["userId"] == carol.id
    assert two.events("call:ice")[0]["data"]["candidate"] == CANDIDATE | {"usernameFragment": None}
    assert one.events("call:offer") + one.events("call:answer") + one.events("call:ice") == [], "it is for two alone"

    three.act("call:state", {"muted": True})
    assert one.wait_for("call:state", userId=carol.id)["data"]["call"]["participants"][2]["muted"] is True
    assert _states(one.act("call:end")) == ["left", "joined", "joined"]
    two.wait_for("call:state", userId=alice.id)
    over = two.act("call:end")
    assert (over["status"], _states(over)) == ("ended", ["left", "left", "left"])
    assert three.wait_for("call:end")["reason"] == "ended"
    assert one.wait_for("message:new", messageType="call")["data"]["call"] == {
        name: value for name, value in over.items() if name != "users"
    }


def test_signals_reach_the_device_that_answered(
    alice: Person, bob: Person, carol: Person, native: Callable[..., Socket], server: Server
) -> None:
    chat = alice.chat_with(bob)
    login = {"username": "bob", "password": "correct horse battery"}
    token = bob.http.post("/auth/login", json=login).raise_for_status().json()["accessToken"]
    one, answers, other = native(alice), native(bob), Socket(f"{bob.socket_url}?token={token}")
    other.wait_for("hello")
    call = one.act("call:start", {"chatId": chat})["id"]
    assert answers.refused("call:ice", {"callId": call, "candidate": None})["code"] == "not_in_call"
    one.act("call:ice", {"candidate": CANDIDATE})
    for device in (answers, other):
        device.wait_for("call:ice")
    answers.act("call:accept")
    other.wait_for("call:end", reason="answered_elsewhere")
    assert other.refused("call:offer", {"callId": call, "sdp": "v=0"})["code"] == "not_in_call"
    assert native(carol).refused("call:offer", {"callId": call, "sdp": "v=0"})["code"] == "not_found"
    with server.settings():  # the containers are new: what they knew was from before the answer
        one.act("call:offer", {"sdp": "v=0"})
        answers.wait_for("call:offer")
    other.act("ping")
    assert other.events("call:offer") == []
    for wrong, field in (
        ({"sdp": "v" * 16_001}, "sdp"),
        ({"sdp": ""}, "sdp"),
        ({"sdp": "v=0", "to": carol.id}, "to"),
        ({"sdp": "v=0", "number": -1}, "number"),
    ):
        problem = one.refused("call:offer", wrong)
        assert (problem["code"], problem["errors"][0]["field"]) == ("invalid_input", field)
    with server.settings(rate_limits=True, call_signals=1):
        one.act("call:ice", {"callId": call, "candidate": None})
        with server.settings():
            assert one.refused("call:ice", {"callId": call, "candidate": None})["code"] == "rate_limited"
    one.act("call:end")
    assert one.refused("call:ice", {"callId": call, "candidate": None})["code"] in {"call_ended", "not_in_call"}
    other.close()
