"""A whole session of system C's client by its own calls and frames, and every field that it reads."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.dialects.conftest import At
from tests.support.fields import misfits
from tests.support.reference import Client
from tests.support.server import Server

USER = {
    "id": int,
    "username": str,
    "email": (str, None),
    "first_name": str,
    "last_name": str,
    "avatar": (str, None),
    "status": str,
    "last_seen": (str, None),
    "is_active": bool,
    "created_at": (str, None),
}
MESSAGE = {
    "id": int,
    "chat_id": int,
    "sender_id": int,
    "sender": USER,
    "content": str,
    "type": str,
    "reply_to_id": (int, None),
    "files": [{"url": str}],
    "status": str,
    "edited_at": (str, None),
    "created_at": str,
}
CHAT = {
    "id": int,
    "name": str,
    "description": str,
    "type": str,
    "created_by": int,
    "members": [{"user_id": int, "role": str, "user": USER}],
    "unread_count": int,
    "settings": {
        "who_can_send": str,
        "who_can_add": str,
        "message_seconds": (int, None),
        "slow_mode_seconds": (int, None),
    },
    "avatar": (str, None),
    "last_message": (MESSAGE, None),
    "last_message_time": (str, None),
}
CONTACT = {"id": int, "contact_id": int, "nickname": str, "contact": USER}


class Ears:
    """The client's WebSocket: frames `{type, data, timestamp}` both ways."""

    def __init__(self, url: str) -> None:
        self._socket: ClientConnection = connect(url, legacy=True)

    def say(self, kind: str, **data: Any) -> None:
        self._socket.send(json.dumps({"type": kind, "data": data, "timestamp": "2026-11-30T00:00:00Z"}))

    def wait_for(self, kind: str) -> Any:
        """The data of the next frame of a type."""
        while True:
            frame = json.loads(self._socket.recv(timeout=20))
            assert misfits(frame, {"type": str, "data": dict, "timestamp": str}) == []
            assert kind == "error" or frame["type"] != "error", frame
            if frame["type"] == kind:
                return frame["data"]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def ears(server: Server) -> Iterator[Callable[[Client], Ears]]:
    """Connects to `/ws` below the dialect's base."""
    with _listening(server, "/skype/ws") as listen:
        yield listen


@pytest.fixture
def ears_at_the_root(server: Server) -> Iterator[Callable[[Client], Ears]]:
    """Connects to `/ws` of a host that speaks the dialect, for clients whose paths are absolute."""
    with server.settings(dialect="skype"), _listening(server, "/ws") as listen:
        yield listen


@contextmanager
def _listening(server: Server, path: str) -> Iterator[Callable[[Client], Ears]]:
    made: list[Ears] = []

    def listen(who: Client) -> Ears:
        made.append(Ears(f"{server.origin.replace('http://', 'ws://')}{path}?token={who.token}"))
        made[-1].wait_for("hello")
        return made[-1]

    yield listen
    for one in made:
        one.close()


def signed_up(client: Client, username: str) -> Client:
    names = {"first_name": username.title(), "last_name": "Иванова"}
    body = {"username": username, "email": f"{username}@example.com", "password": "secret", **names}
    answer = client.ask("POST /api/v1/auth/register", body, status=201)
    assert misfits(answer, {"token": str, "user": USER}) == []
    assert names.items() <= answer["user"].items()
    client.log_in_with(answer["token"])
    client.id = answer["user"]["id"]
    return client


@pytest.fixture
def alice(at: At) -> Client:
    return signed_up(at("skype"), "alice")


@pytest.fixture
def bob(at: At) -> Client:
    return signed_up(at("skype"), "bob")


def _private(one: Client, other: Client) -> int:
    body = {"type": "private", "name": "", "member_ids": [other.id]}
    return int(one.ask("POST /api/v1/chats", body, status=201)["chat"]["id"])


def test_from_sign_up_to_a_group(alice: Client, bob: Client, at: At) -> None:
    session = alice.ask("POST /api/v1/auth/login", {"username": "alice@example.com", "password": "secret"})
    assert misfits(session, {"token": str, "user": USER}) == []
    assert misfits(alice.ask("GET /api/v1/users/me"), {"user": USER}) == []
    assert misfits(alice.ask("GET /api/v1/users?_=17"), {"users": [USER]}) == []
    changed = alice.ask("PUT /api/v1/users/me", {"first_name": "Алиса", "last_name": "", "username": "alice"})
    assert changed["user"]["first_name"] == "Алиса"
    assert alice.ask("PUT /api/v1/users/status", {"status": "busy"})["status"] == "busy"
    chat = _private(alice, bob)
    sent = alice.ask("POST /api/v1/messages", {"chat_id": chat, "content": "one", "type": "text"}, status=201)
    assert misfits(sent, {"message": MESSAGE}) == []
    direct = alice.ask("POST /api/v1/messages", {"receiver_id": bob.id, "content": "two"}, status=201)
    assert direct["message"]["chat_id"] == chat
    reply = {"chat_id": chat, "content": "three", "reply_to_id": sent["message"]["id"]}
    assert bob.ask("POST /api/v1/messages", reply, status=201)["message"]["reply_to_id"] == sent["message"]["id"]
    page = bob.ask(f"GET /api/v1/messages?chat_id={chat}&limit=2&offset=1")
    assert misfits(page, {"messages": [MESSAGE]}) == []
    assert [message["content"] for message in page["messages"]] == ["one", "two"]
    matches = bob.ask("GET /api/v1/messages/search?q=three")
    assert misfits(matches, {"messages": [MESSAGE]}) == []
    assert [message["content"] for message in matches["messages"]] == ["three"]
    listed = alice.ask("GET /api/v1/chats")
    assert misfits(listed, {"chats": [CHAT]}) == []
    assert (listed["chats"][0]["id"], listed["chats"][0]["unread_count"]) == (chat, 1)
    body = {"type": "public", "name": "All", "description": "of us", "member_ids": [bob.id]}
    public = alice.ask("POST /api/v1/chats", body, status=201)["chat"]
    assert (public["type"], public["name"], public["description"]) == ("public", "All", "of us")
    carol = signed_up(at("skype"), "carol")
    grown = alice.ask(f"POST /api/v1/chats/{public['id']}/members", {"user_id": carol.id})
    assert [member["user_id"] for member in grown["chat"]["members"]] == [alice.id, bob.id, carol.id]
    assert alice.ask(f"DELETE /api/v1/chats/{public['id']}/members/{carol.id}")["success"] is True
    edited = alice.ask(f"PUT /api/v1/messages/{sent['message']['id']}", {"content": "one!"})
    assert (edited["message"]["content"], type(edited["message"]["edited_at"])) == ("one!", str)
    assert alice.ask(f"DELETE /api/v1/messages/{sent['message']['id']}")["success"] is True
    assert alice.ask(f"PUT /api/v1/chats/{public['id']}", {"name": "Others"})["chat"]["name"] == "Others"
    page = alice.ask(f"GET /api/v1/messages?chat_id={public['id']}")
    assert misfits(page, {"messages": [MESSAGE]}) == []
    told = [(message["type"], message["content"]) for message in page["messages"]]
    assert told == [
        ("text", "alice made the group “All” with bob"),
        ("text", "alice added carol"),
        ("text", "alice removed carol"),
        ("text", "alice renamed the group to “Others”"),
    ]
    assert alice.ask(f"DELETE /api/v1/chats/{public['id']}")["success"] is True
    assert alice.ask("POST /api/v1/auth/logout")["success"] is True
    alice.ask("GET /api/v1/users/me", status=401)


def test_contacts(alice: Client, bob: Client) -> None:
    body = {"contact_id": str(bob.id), "nickname": ""}
    assert misfits(alice.ask("POST /api/v1/contacts", body, status=201), {"contact": CONTACT}) == []
    assert alice.ask(f"DELETE /api/v1/contacts/{bob.id}")["success"] is True
    added = alice.ask("POST /api/v1/contacts", {"username": "bob", "nickname": "Bobby"}, status=201)
    assert misfits(added, {"contact": CONTACT}) == []
    assert (added["contact"]["contact_id"], added["contact"]["nickname"]) == (bob.id, "Bobby")
    assert misfits(alice.ask("GET /api/v1/contacts"), {"contacts": [CONTACT]}) == []
    renamed = alice.ask(f"PUT /api/v1/contacts/{bob.id}", {"nickname": "Robert"})
    assert (misfits(renamed, {"contact": CONTACT}), renamed["contact"]["nickname"]) == ([], "Robert")
    for words, names in (("rob", ["Robert"]), ("bobby", [])):
        listed = alice.ask(f"GET /api/v1/contacts/search?q={words}")["contacts"]
        assert [one["nickname"] for one in listed] == names
    assert alice.ask(f"PUT /api/v1/contacts/{bob.id}/block")["success"] is True
    assert alice.ask(f"PUT /api/v1/contacts/{bob.id}/unblock")["success"] is True


def test_frames(alice: Client, bob: Client, ears_at_the_root: Callable[[Client], Ears]) -> None:
    chat = _private(alice, bob)
    ours, theirs = ears_at_the_root(alice), ears_at_the_root(bob)
    online = ours.wait_for("user_status")
    assert (online["user_id"], online["status"]) == (bob.id, "online")
    ours.say("ping")
    ours.say("a ping of its own")
    theirs.say("chat", chat_id=chat, content="by frame")
    heard = ours.wait_for("new_message")
    assert misfits(heard, {**MESSAGE, "user_id": int}) == []
    assert (heard["content"], heard["user_id"]) == ("by frame", bob.id)
    ours.say("typing", chat_id=chat, is_typing=True)
    assert theirs.wait_for("typing") == {"chat_id": chat, "user_id": alice.id, "is_typing": True}
    ours.say("message_read", message_id=heard["id"])
    assert theirs.wait_for("message_read") == {"chat_id": chat, "message_id": heard["id"], "user_id": alice.id}
    ours.say("chat", chat_id=999, content="x")
    assert misfits(ours.wait_for("error"), {"error": str, "message": str}) == []
    ours.say("chat", content="x")
    assert ours.wait_for("error")["message"] == "chat_id: is required"


@pytest.mark.usefixtures("forgotten_timers")
def test_a_call(alice: Client, bob: Client, ears: Callable[[Client], Ears]) -> None:
    caller, callee = ears(alice), ears(bob)
    caller.say("call_offer", target_user_id=bob.id, call_type="video", offer={"type": "offer", "sdp": "v=0 offer"})
    offered = callee.wait_for("call_offer")
    assert (
        misfits(offered, {"call_id": int, "chat_id": int, "user_id": int, "offer": {"type": str, "sdp": str}}) == []
    )
    assert (offered["user_id"], offered["offer"]["sdp"], offered["call_type"]) == (alice.id, "v=0 offer", "video")
    candidate = {"candidate": "candidate:0 1 UDP 1 192.0.2.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0}
    caller.say("call_ice_candidate", target_user_id=bob.id, candidate=candidate)
    assert callee.wait_for("call_ice_candidate")["candidate"]["candidate"] == candidate["candidate"]
    callee.say("call_answer", target_user_id=alice.id, answer={"type": "answer", "sdp": "v=0 answer"})
    answered = caller.wait_for("call_answer")
    assert (answered["user_id"], answered["answer"]) == (bob.id, {"type": "answer", "sdp": "v=0 answer"})
    callee.say("call_ice_candidate", call_id=offered["call_id"], candidate="candidate:1")
    assert caller.wait_for("call_ice_candidate")["user_id"] == bob.id
    caller.say("call_end", call_id=offered["call_id"])
    ended = callee.wait_for("call_end")
    assert (ended["reason"], ended["user_id"]) == ("ended", alice.id)
    (record,) = bob.ask("GET /api/calls")["calls"]
    assert misfits(record, {"id": int, "type": str, "status": str, "start_time": str, "end_time": str}) == []
    assert (record["duration"], record["caller_id"], record["status"]) == (0, alice.id, "ended")
    party = {"user_id": int, "state": str, "joined_at": (str, None), "left_at": (str, None)}
    assert misfits(record["participants"], [party]) == []
    assert [(one["user_id"], one["state"]) for one in record["participants"]] == [
        (alice.id, "left"),
        (bob.id, "left"),
    ]
    assert misfits(record, {"chat_id": int, "answered_by": int, "started_at": str, "answered_at": str}) == []
    told = bob.ask(f"GET /api/messages?chat_id={offered['chat_id']}")["messages"][-1]
    assert (told["type"], told["content"]) == ("text", "Video call, 00:00:00")


def test_a_text_that_comes_twice_is_one_message(alice: Client, bob: Client, ears: Callable[[Client], Ears]) -> None:
    """By REST, and as a frame for those who listen; what comes as a frame alone is a message of its own."""
    chat = _private(alice, bob)
    ours = ears(alice)
    for _ in range(2):
        body = {"chat_id": chat, "content": "<b>ok</b>", "type": "text"}
        sent = alice.ask("POST /api/v1/messages", body, status=201)["message"]
        ours.say("chat", chat_id=chat, content="<b>ok</b>")
        assert ours.wait_for("ack")["message"]["id"] == sent["id"]
    ours.say("chat", chat_id=chat, content="frame alone")
    ours.say("chat", chat_id=chat, content="frame alone")
    for _ in range(2):
        ours.wait_for("ack")
    page = bob.ask(f"GET /api/v1/messages?chat_id={chat}")["messages"]
    assert [message["content"] for message in page] == ["ok", "ok", "frame alone", "frame alone"]


def test_refusals(alice: Client, bob: Client, at: At) -> None:
    chat = _private(alice, bob)
    mallory = signed_up(at("skype"), "mallory")
    for line, body, status in (
        (f"GET /api/v1/messages?chat_id={chat}", None, 404),
        ("GET /api/v1/messages", None, 400),
        ("POST /api/v1/messages", {"chat_id": chat, "content": "x"}, 404),
        ("POST /api/v1/messages", {"receiver_id": "x", "content": "x"}, 400),
        (f"POST /api/v1/chats/{chat}/members", {"user_id": mallory.id}, 404),
        ("POST /api/v1/contacts", {"username": "nobody"}, 422),
    ):
        answer = mallory.answer(line, body)
        assert (answer.status_code, misfits(answer.json(), {"error": str, "message": str})) == (status, []), line


def test_a_host_with_absolute_paths(server: Server, at: At, alice: Client, bob: Client) -> None:
    chat = _private(alice, bob)
    page = at("")
    page.log_in_with(alice.token)
    with server.settings(dialect_hosts=("127.0.0.1=skype",)):
        assert misfits(page.ask("GET /api/v1/chats"), {"chats": [CHAT]}) == []
        assert page.ask("PUT /api/v1/messages/999", {"content": "x"}, status=404)["error"]
        sent = page.ask("POST /api/v1/messages", {"chat_id": chat, "content": "x"}, status=201)
        assert misfits(sent, {"message": MESSAGE}) == []
    with server.settings(dialect_hosts=("elsewhere.example=skype",)):
        assert "chats" in page.ask("GET /api/chats")
