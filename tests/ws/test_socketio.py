"""Unmodified Socket.IO clients, in Python and in Node: they log in, act, hear, come back, or are told why not."""

from collections.abc import Callable, Iterator

import pytest

from chalicelib.core.config import settings
from chalicelib.realtime import gateway
from tests.socketio.clients import TRANSPORTS, Client
from tests.support.people import Person
from tests.support.server import Server

MakeClient = Callable[[], Client]


@pytest.fixture(params=list(TRANSPORTS))
def client(request: pytest.FixtureRequest, server: Server) -> Iterator[MakeClient]:
    """Makes clients of one kind."""
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(TRANSPORTS[request.param]()))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


def _auth(person: Person, **more: str) -> dict[str, str]:
    return {"token": person.access_token, **more}


def test_log_in_by_auth_token(client: MakeClient, server: Server, alice: Person) -> None:
    socket = client()
    hello = socket.log_in(server.origin, _auth(alice))
    assert hello["userId"] == alice.id
    assert hello["connectionId"] == socket.events("connect")[0]["sid"]
    assert hello["eventId"] == f"hello:{hello['connectionId']}"
    assert socket.act("ping")["serverTime"].endswith("Z")


def test_log_in_by_the_address(client: MakeClient, server: Server, alice: Person) -> None:
    assert client().log_in(f"{server.origin}?token={alice.access_token}")["userId"] == alice.id


def test_log_in_by_ticket_once(client: MakeClient, server: Server, alice: Person) -> None:
    ticket = alice.http.post("/ws/tickets").json()["ticket"]
    assert client().log_in(server.origin, {"ticket": ticket})["userId"] == alice.id
    assert client().refusal(server.origin, {"ticket": ticket})["message"] == "Unauthorized"
    other = alice.http.post("/ws/tickets").json()["ticket"]
    assert client().log_in(f"{server.origin}?ticket={other}")["userId"] == alice.id
    assert client().refusal(f"{server.origin}?ticket={other}")["data"]["code"] == "unauthenticated"


@pytest.mark.parametrize("token", [None, "", "forged", "a.b.c"])
def test_connect_error_carries_the_reason(client: MakeClient, server: Server, token: str | None) -> None:
    reason = client().refusal(server.origin, None if token is None else {"token": token})
    assert reason["message"] == "Unauthorized"
    assert (reason["data"]["status"], reason["data"]["code"]) == (401, "unauthenticated")


def test_a_forged_token_in_the_address_is_refused_with_the_reason(client: MakeClient, server: Server) -> None:
    assert client().refusal(f"{server.origin}?token=forged")["message"] == "Unauthorized"


def test_an_ended_session_is_refused(client: MakeClient, server: Server, alice: Person) -> None:
    assert alice.http.post("/auth/logout").status_code == 204
    assert client().refusal(server.origin, _auth(alice))["data"]["code"] == "session_ended"


def test_an_unknown_vocabulary_is_refused(client: MakeClient, server: Server, alice: Person) -> None:
    reason = client().refusal(server.origin, _auth(alice, vocabulary="klingon"))
    assert reason["data"]["errors"][0]["field"] == "vocabulary"


def test_other_namespaces_are_refused(client: MakeClient, server: Server, alice: Person) -> None:
    assert client().refusal(f"{server.origin}/rooms", _auth(alice))["message"] == "Invalid namespace"


def test_one_chat_with_native_clients(client: MakeClient, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    socket, native, ears = client(), alice.socket(), bob.socket()
    socket.log_in(server.origin, _auth(bob))
    sent = native.act("message:send", {"chatId": chat, "content": "Привет! Как дела?"})
    heard = socket.wait_for("message:new", id=sent["id"])
    event = ears.wait_for("message:new", id=sent["id"])
    around = {name: event[name] for name in ("eventId", "ts", "requestId", "users")}
    assert heard == {**event["data"], **around}
    reply = socket.act("message:send", {"chatId": chat, "content": "Хорошо", "clientMessageId": "m1"})
    assert reply["seq"] == 2
    assert native.wait_for("message:new", id=reply["id"])["data"] == reply
    assert socket.wait_for("message:new", id=reply["id"])["clientMessageId"] == "m1", "every device hears it"
    assert [message["id"] for message in alice.history(chat)] == [reply["id"], sent["id"]]
    voice = alice.send(chat, "Listen", messageType="audio")
    assert socket.act("message:listened", {"messageId": voice["id"]})["listenedBy"] == [bob.id]
    native.wait_for("message:updated", id=voice["id"], listenedBy=[bob.id])
    assert socket.act("messages:read", {"chatId": chat})["unreadCount"] == 0


def test_the_events_of_system_a(client: MakeClient, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    one, two = client(), client()
    one.log_in(server.origin, _auth(alice))
    two.log_in(server.origin, _auth(bob))
    one.emit("chat:join", chat)
    assert one.wait_for("chat:joined", id=chat)["type"] == "private"
    one.emit("typing:start", {"chatId": chat})
    assert two.wait_for("typing:start", chatId=chat)["userId"] == alice.id
    one.emit("message:send", {"chatId": chat, "content": "hello", "messageType": "text"})
    assert two.wait_for("message:new", chatId=chat)["content"] == "hello"
    two.emit("messages:read", {"chatId": chat})
    assert one.wait_for("messages:read", chatId=chat, userId=bob.id)["seq"] == 1
    one.emit("typing:stop", {"chatId": chat})
    two.wait_for("typing:stop", chatId=chat)
    assert alice.http.post("/chats", json={"type": "group", "name": "g", "participantIds": [bob.id]}).is_success
    two.wait_for("chat:created", name="g")


def test_refusals_by_ack_and_by_event(client: MakeClient, server: Server, alice: Person, bob: Person) -> None:
    mallory = client()
    mallory.log_in(server.origin, _auth(alice))
    chat = bob.chat_with(alice)
    assert bob.http.put(f"/blocks/{alice.id}").is_success
    problem = mallory.refused("message:send", {"chatId": chat, "content": "x"})
    assert (problem["status"], problem["code"]) == (403, "blocked")
    assert mallory.refused("message:send", {"chatId": 99, "content": "x"})["code"] == "not_found"
    assert mallory.refused("no:such", {})["code"] == "unknown_action"
    assert mallory.refused("ping", {}, {})["errors"][0]["field"] == "arguments"
    assert mallory.refused("chat:join", "one")["code"] == "invalid_input"
    assert mallory.refused("message:send")["errors"][0]["field"] == "chatId"
    mallory.emit("no:such", {"any": "thing"})
    error = mallory.wait_for("error", code="unknown_action")
    assert error["message"] == error["detail"]
    mallory.act("ping")


def test_binary_data_is_refused(client: MakeClient, server: Server, alice: Person) -> None:
    socket = client()
    socket.log_in(server.origin, _auth(alice))
    socket.emit_bytes("message:send")
    assert "Binary" in socket.wait_for("error", code="invalid_input")["message"]
    socket.act("ping")
    assert socket.events("disconnect") == []


def test_a_dropped_connection_is_made_anew(client: MakeClient, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    socket = client()
    sid = socket.log_in(server.origin, _auth(bob))["connectionId"]
    gateway.close_connection(settings().websocket_endpoint or "", sid)
    socket.wait_for("disconnect")
    socket.wait_for("connect", times=2)
    assert socket.wait_for("hello", times=2)["connectionId"] != sid
    sent = alice.send(chat, "welcome back")
    socket.wait_for("message:new", id=sent["id"])
    socket.act("ping")


def test_leaving_ends_the_connection(client: MakeClient, server: Server, alice: Person, bob: Person) -> None:
    alice.chat_with(bob)
    ears, socket = bob.socket(), client()
    sid = socket.log_in(server.origin, _auth(alice))["connectionId"]
    ears.wait_for("user:status", userId=alice.id, status="online")
    socket.disconnect()
    ears.wait_for("user:status", userId=alice.id, status="offline")
    assert sid not in server.stack.sockets.connections


def test_an_ended_session_closes_its_connections(client: MakeClient, server: Server, alice: Person) -> None:
    socket = client()
    socket.log_in(server.origin, _auth(alice))
    assert alice.http.post("/auth/logout").status_code == 204
    socket.wait_for("session:revoked")
    socket.wait_for("disconnect")
    assert socket.wait_for("connect_error")["data"]["code"] == "session_ended"
