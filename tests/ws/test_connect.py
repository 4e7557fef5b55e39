"""Who may connect, by which ways, and what the first event says."""

import time

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from tests.support.people import Person
from tests.support.server import JWT_SECRET, Server
from tests.support.socket import Socket


def _status_of_refusal(url: str, **options: object) -> int:
    with pytest.raises(InvalidStatus) as refused:
        Socket(url, **options)
    return int(refused.value.response.status_code)


def _ticket(person: Person) -> str:
    answer = person.http.post("/ws/tickets")
    assert answer.status_code in {200, 201}, answer.text
    assert answer.json()["expiresIn"] == 30
    return str(answer.json()["ticket"])


def _forged(person: Person, *, secret: str = JWT_SECRET, algorithm: str = "HS256", **claims: object) -> str:
    real = jwt.decode(person.access_token, options={"verify_signature": False})
    headers = {"kid": jwt.get_unverified_header(person.access_token)["kid"]}
    return jwt.encode({**real, **claims}, secret, algorithm=algorithm, headers=headers)


@pytest.mark.parametrize("path", ["/api", "/api/", "/ws", "/socket.io/"])
def test_hello_says_who_and_how_long(server: Server, alice: Person, path: str) -> None:
    socket = Socket(f"{server.origin.replace('http', 'ws')}{path}?token={alice.access_token}")
    hello = socket.wait_for("hello")["data"]
    assert hello["userId"] == alice.id
    assert hello["sessionId"] > 0
    assert hello["maxLifetimeSeconds"] == 2 * 60 * 60
    assert 0.79 < hello["reconnectAfterSeconds"] / hello["maxLifetimeSeconds"] < 0.96
    assert 0 < hello["heartbeatSeconds"] < 10 * 60
    assert hello["serverTime"].endswith("Z")
    assert socket.act("ping")["serverTime"].endswith("Z")
    socket.close()


def test_who_asks_for_hello_has_it_in_the_answer_of_a_sync(server: Server, alice: Person, bob: Person) -> None:
    """And no event of it: what is said from then on is heard, or in the changes."""
    chat = alice.chat_with(bob)
    cursor = alice.http.get("/sync").json()["nextCursor"]
    socket = Socket(f"{alice.socket_url}?token={alice.access_token}&hello=ask")
    bob.send(chat, "before")
    answer = socket.act("sync", {"cursor": cursor, "hello": True})
    told = [event["data"]["content"] for event in answer["events"] if event["type"] == "message:new"]
    assert told == ["before"]
    heard = alice.socket()
    greeted = heard.wait_for("hello")["data"]
    assert answer["hello"].keys() == greeted.keys()
    assert (answer["hello"]["userId"], answer["hello"]["replies"]) == (alice.id, greeted["replies"])
    assert answer["hello"]["connectionId"] != greeted["connectionId"]
    bob.send(chat, "after")
    socket.wait_for("message:new", content="after")
    assert "hello" not in socket.act("sync", {"cursor": cursor})
    server.settle()
    assert socket.events("hello") == []
    socket.close()


def test_a_ticket_admits_once(alice: Person) -> None:
    url = f"{alice.socket_url}?ticket={_ticket(alice)}"
    first = Socket(url)
    assert first.wait_for("hello")["data"]["userId"] == alice.id
    first.close()
    assert _status_of_refusal(url) == 401


def test_the_token_may_come_in_the_header(alice: Person) -> None:
    socket = Socket(alice.socket_url, additional_headers={"Authorization": f"Bearer {alice.access_token}"})
    socket.wait_for("hello")
    socket.close()


def test_the_token_may_come_as_a_subprotocol(alice: Person) -> None:
    socket = Socket(alice.socket_url, subprotocols=["bearer", alice.access_token])
    assert socket.subprotocol == "bearer"
    socket.wait_for("hello")
    socket.close()


def test_without_a_token_there_is_no_connection(server: Server) -> None:
    assert _status_of_refusal(server.socket_url) == 401
    assert _status_of_refusal(f"{server.socket_url}?token=") == 401
    assert _status_of_refusal(f"{server.socket_url}?ticket=") == 401


def test_forged_and_foreign_tokens_are_refused(alice: Person) -> None:
    past = int(time.time()) - 10
    for token in (
        _forged(alice, algorithm="none", secret=""),
        _forged(alice, algorithm="HS384"),
        _forged(alice, secret="another secret that is long enough for HS256"),
        _forged(alice, iss="somebody else"),
        _forged(alice, aud="somebody else"),
        _forged(alice, exp=past),
        _forged(alice, sub="not a number"),
        alice.access_token[:-4],
        _ticket(alice),
        alice.refresh_token,
        "x" * 3000,
    ):
        assert _status_of_refusal(f"{alice.socket_url}?token={token}") == 401


def test_an_access_token_is_no_ticket(alice: Person) -> None:
    assert _status_of_refusal(f"{alice.socket_url}?ticket={alice.access_token}") == 401


def test_an_ended_session_cannot_connect(alice: Person) -> None:
    ticket = _ticket(alice)
    assert alice.http.post("/auth/logout").status_code == 204
    assert _status_of_refusal(f"{alice.socket_url}?token={alice.access_token}") == 401
    assert _status_of_refusal(f"{alice.socket_url}?ticket={ticket}") == 401


def test_only_configured_origins_may_connect(server: Server, alice: Person) -> None:
    with server.settings(origins=("https://chat.example",)):
        url = f"{alice.socket_url}?token={alice.access_token}"
        assert _status_of_refusal(url, origin="https://evil.example") == 403
        allowed = Socket(url, origin="https://chat.example")
        allowed.wait_for("hello")
        allowed.close()
        native = Socket(url)
        native.wait_for("hello")
        native.close()


def test_logging_out_closes_the_sessions_sockets(alice: Person) -> None:
    socket = alice.socket()
    assert alice.http.post("/auth/logout").status_code == 204
    socket.wait_for("session:revoked")
    socket.wait_closed()
