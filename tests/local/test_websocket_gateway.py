"""The WebSocket gateway over real sockets: events, answers, limits and ends of connections."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from local.events import FRAME_BYTES, MESSAGE_BYTES, Limits
from local.faults import Fault
from tests.local.sample.serving import Running, serve, wait_for

CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{15}=")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serve(limits=Limits(integration_seconds=1)) as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    return server.renew()


@contextmanager
def joined(running: Running, **options: Any) -> Iterator[ClientConnection]:
    with connect(running.socket, max_size=None, **options) as client:
        yield client


def ending(client: ClientConnection) -> tuple[int, str]:
    """The close code and reason that the server gives, after whatever is still to be read."""
    with suppress(ConnectionClosed):
        while True:
            client.recv(timeout=10)
    close = client.protocol.close_rcvd
    assert close is not None
    return close.code, close.reason


def disconnected(running: Running, count: int = 1) -> dict[str, Any]:
    context: dict[str, Any] = running.events("websocket_disconnect", count)[-1]["requestContext"]
    return context


def test_the_connect_event(running: Running) -> None:
    headers = [("Authorization", "Bearer t"), ("X-Twice", "a"), ("x-twice", "b")]
    uri = f"{running.socket}?token=a%20b&x=1&x=2"
    with connect(uri, additional_headers=headers, origin=Origin("https://chat.example"), user_agent_header="tests/1"):
        [got] = running.events("websocket_connect")
    assert got["isBase64Encoded"] is False
    assert "body" not in got
    assert got["headers"]["Authorization"] == "Bearer t"
    assert got["headers"]["Origin"] == "https://chat.example"
    assert got["multiValueHeaders"]["X-Twice"] == ["a", "b"]
    assert got["headers"]["Sec-WebSocket-Version"] == "13"
    assert got["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert "Upgrade" not in got["headers"]
    assert got["queryStringParameters"] == {"token": "a b", "x": "2"}
    assert got["multiValueQueryStringParameters"] == {"token": ["a b"], "x": ["1", "2"]}
    context = got["requestContext"]
    assert CONNECTION_ID.fullmatch(context["connectionId"])
    assert context["routeKey"] == "$connect"
    assert context["eventType"] == "CONNECT"
    assert context["messageDirection"] == "IN"
    assert context["stage"] == "api"
    assert context["domainName"] == f"127.0.0.1:{running.port}"
    assert context["identity"] == {"sourceIp": "127.0.0.1", "userAgent": "tests/1"}
    assert abs(context["connectedAt"] - time.time() * 1000) < 10_000
    assert context["requestTimeEpoch"] >= context["connectedAt"]
    assert {"requestId", "extendedRequestId", "requestTime", "apiId"} <= set(context)


def test_without_a_query_there_are_no_query_keys(running: Running) -> None:
    with joined(running):
        [got] = running.events("websocket_connect")
    assert not {"queryStringParameters", "multiValueQueryStringParameters"} & set(got)


@pytest.mark.parametrize("path", ["/api", "/api/", "/ws", "/ws/", "/api/?a=1"])
def test_socket_paths(running: Running, path: str) -> None:
    with connect(f"ws://127.0.0.1:{running.port}{path}") as client:
        client.send("hello")
        assert client.recv(timeout=5) == "hello"


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/v1", "/wss"])
def test_there_is_no_socket_elsewhere(running: Running, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught, connect(f"ws://127.0.0.1:{running.port}{path}"):
        pass
    assert caught.value.response.status_code == 403
    assert running.record.events == {}


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"statusCode": 401, "body": "not passed on"}, 401),
        ({"statusCode": 403}, 403),
        ({"statusCode": 429}, 429),
        ({"statusCode": 302}, 302),
        ({"statusCode": "nonsense"}, 500),
        ({"statusCode": 101}, 500),
    ],
)
def test_connect_refuses_with_its_status(running: Running, answer: Any, status: int) -> None:
    running.record.connect_answer = lambda _: answer
    with pytest.raises(InvalidStatus) as caught, joined(running):
        pass
    assert caught.value.response.status_code == status
    body = json.loads(caught.value.response.body or b"")
    assert set(body) == {"message", "connectionId", "requestId"}
    wait_for(lambda: not running.tasks)
    assert "websocket_disconnect" not in running.record.events


def test_a_connect_that_fails_or_hangs_refuses(running: Running) -> None:
    def fail(_: Any) -> Any:
        raise ValueError

    for handler, status in ((fail, 500), (lambda _: time.sleep(1.2), 504)):
        running.record.connect_answer = handler
        with pytest.raises(InvalidStatus) as caught, joined(running):
            pass
        assert caught.value.response.status_code == status


def test_connect_chooses_the_subprotocol(running: Running) -> None:
    offered = [Subprotocol("chat.v1"), Subprotocol("token.abc")]
    running.record.connect_answer = lambda _: {"statusCode": 200, "headers": {"sec-websocket-protocol": "chat.v1"}}
    with joined(running, subprotocols=offered) as client:
        assert client.subprotocol == "chat.v1"
    [got] = running.events("websocket_connect")
    # The client library writes it so; the handler must find it in any case.
    assert got["headers"]["Sec-WebSocket-Protocol"] == "chat.v1, token.abc"
    running.record.connect_answer = lambda _: None
    with joined(running, subprotocols=offered) as client:
        assert client.subprotocol is None


def test_a_message_is_one_event_and_its_route_response_one_frame(running: Running) -> None:
    with joined(running) as client:
        client.send("привет")
        assert client.recv(timeout=5) == "привет"
        for bodiless in ("", '{"sleep": 0}'):
            client.send(bodiless)
            assert client.recv(timeout=5) == "", "a route response without a body is an empty frame"
        client.send("again")
        assert client.recv(timeout=5) == "again"
        got = running.events("websocket_message")
    [first] = [event for event in got if event["body"] == "привет"]
    assert set(first) == {"requestContext", "body", "isBase64Encoded"}
    assert first["isBase64Encoded"] is False
    context = first["requestContext"]
    assert context["routeKey"] == "$default"
    assert context["eventType"] == "MESSAGE"
    assert CONNECTION_ID.fullmatch(context["messageId"])
    connected = running.events("websocket_connect")[0]["requestContext"]
    for same in ("connectionId", "connectedAt", "identity", "domainName", "stage", "apiId"):
        assert context[same] == connected[same]
    assert context["requestId"] != connected["requestId"]
    assert len({event["requestContext"]["messageId"] for event in got}) == 4


def test_a_binary_frame_arrives_as_text(running: Running) -> None:
    with joined(running) as client:
        client.send("я".encode() + b"\xff")
        assert client.recv(timeout=5) == "я\ufffd"


@pytest.mark.parametrize(
    "wish",
    [
        {"raise": "secret"},
        {"sleep": 1.2, "body": "late"},
        {"body": {"an": "object"}},
        {"body": "x" * 20, "times": 1},
    ],
)
def test_a_failed_message_is_answered_by_the_gateway(running: Running, wish: dict[str, Any]) -> None:
    if "times" in wish:
        running.faults.arm(Fault.KILL_AFTER, of="websocket_message")
    with joined(running) as client:
        client.send(json.dumps(wish))
        answer = json.loads(client.recv(timeout=5))
        client.send("the connection stays")
        assert client.recv(timeout=5) == "the connection stays"
    assert set(answer) == {"message", "connectionId", "requestId"}
    assert answer["message"] == "Internal server error"
    context = running.events("websocket_message")[0]["requestContext"]
    assert (answer["connectionId"], answer["requestId"]) == (context["connectionId"], context["requestId"])


def test_a_message_is_killed_at_its_functions_deadline(running: Running) -> None:
    running.faults.arm(Fault.KILL_AT, of="websocket_message", value=0.1)
    with joined(running) as client:
        client.send('{"sleep": 0.5, "body": "never"}')
        assert json.loads(client.recv(timeout=5))["message"] == "Internal server error"
    time.sleep(0.6)
    assert not any("never" in body for body in running.record.finished)


def test_messages_of_one_connection_run_at_once_and_out_of_order() -> None:
    with serve() as running, joined(running) as client:
        client.send('{"sleep": 3, "body": "slow"}')
        for number in range(8):
            client.send(json.dumps({"sleep": 0.2, "body": str(number)}))
        answers = [client.recv(timeout=10) for _ in range(9)]
    assert answers[-1] == "slow"
    assert sorted(str(answer) for answer in answers[:-1]) == list("01234567")


def test_sizes_up_to_the_limits_pass(running: Running) -> None:
    with joined(running) as client:
        client.send("x" * FRAME_BYTES)
        assert len(client.recv(timeout=5)) == FRAME_BYTES
        client.send(["y" * FRAME_BYTES] * (MESSAGE_BYTES // FRAME_BYTES))
        assert len(client.recv(timeout=5)) == MESSAGE_BYTES


@pytest.mark.parametrize(
    "message",
    [
        "x" * (FRAME_BYTES + 1),
        "x" * (8 * 1024 * 1024),
        ["x" * FRAME_BYTES] * 4 + ["y"],
        ["x", "y" * (FRAME_BYTES + 1)],
    ],
    ids=["frame", "huge frame", "message", "second frame"],
)
def test_what_is_too_big_closes_the_connection(running: Running, message: str | list[str]) -> None:
    with joined(running) as client:
        with suppress(ConnectionClosed):  # the server may not wait for the last fragment
            client.send(message)
        assert ending(client)[0] == 1009
    assert disconnected(running)["disconnectStatusCode"] == 1009
    assert "websocket_message" not in running.record.events


def test_text_that_is_not_utf8_closes_the_connection(running: Running) -> None:
    with joined(running) as client:
        client.send(b"\xff", text=True)
        assert ending(client)[0] == 1007


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        (1000, "", "Connection Closed Normally"),
        (1001, "leaving", "leaving"),
        (4001, "прочь", "прочь"),
    ],
)
def test_disconnect_tells_code_and_reason(running: Running, code: int, reason: str, told: str) -> None:
    with joined(running) as client:
        client.close(code, reason)
    context = disconnected(running)
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (code, told)
    assert context["routeKey"] == "$disconnect"
    assert context["eventType"] == "DISCONNECT"
    [event] = running.events("websocket_disconnect")
    assert event["isBase64Encoded"] is False
    assert event["headers"]["Host"] == f"127.0.0.1:{running.port}"
    connected = running.events("websocket_connect")[0]["requestContext"]
    assert context["connectionId"] == connected["connectionId"]


def test_a_client_that_vanishes_is_disconnected(running: Running) -> None:
    with joined(running) as client:
        client.socket.shutdown(socket.SHUT_RDWR)
    assert disconnected(running)["disconnectStatusCode"] == 1006


def test_a_client_that_leaves_during_connect_is_disconnected(running: Running) -> None:
    running.record.connect_answer = lambda _: time.sleep(0.2)
    handshake = (
        b"GET /api HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", running.port)) as peer:
        peer.sendall(handshake)
        running.events("websocket_connect")
    assert disconnected(running)["disconnectStatusCode"] == 1006


def test_disconnect_can_be_lost_or_late(running: Running) -> None:
    running.faults.arm(Fault.DISCONNECT_LOST)
    running.faults.arm(Fault.DISCONNECT_LATE, value=0.3)
    with joined(running):
        pass
    wait_for(lambda: not running.tasks)
    started = time.monotonic()
    with joined(running):
        pass
    second = running.events("websocket_connect", 2)[1]["requestContext"]["connectionId"]
    assert disconnected(running)["connectionId"] == second
    assert time.monotonic() - started > 0.25
    assert len(running.record.events["websocket_disconnect"]) == 1


def test_an_idle_connection_is_closed_and_a_push_is_activity() -> None:
    with ExitStack() as stack:
        running = stack.enter_context(serve(limits=Limits(idle_seconds=1)))
        management = running.management()
        idle, pushed = stack.enter_context(joined(running)), stack.enter_context(joined(running))
        first, second = (event["requestContext"] for event in running.events("websocket_connect", 2))
        for _ in range(10):
            time.sleep(0.15)
            management.post_to_connection(ConnectionId=second["connectionId"], Data=b"push")
        context = disconnected(running)
        assert context["connectionId"] == first["connectionId"]
        assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")
        assert ending(idle) == (1001, "Going away")
        for _ in range(10):
            assert pushed.recv(timeout=5) == "push"
        assert ending(pushed) == (1001, "Going away")


def test_a_connection_ends_with_its_life_however_busy() -> None:
    with serve(limits=Limits(life_seconds=0.5)) as running, joined(running) as client:
        started = time.monotonic()
        with suppress(ConnectionClosed):
            while time.monotonic() - started < 5:
                client.send("busy")
                client.recv(timeout=5)
                time.sleep(0.02)
        assert ending(client) == (1001, "Going away")
        assert 0.4 < time.monotonic() - started < 4
        assert disconnected(running)["disconnectStatusCode"] == 1001


def test_a_client_that_reads_nothing_is_cut_off() -> None:
    with (
        serve(limits=Limits(stalled_seconds=0.3)) as running,
        joined(running, max_queue=1, close_timeout=0.1) as client,
    ):
        client.send(json.dumps({"body": "hello"}))
        connection_id = running.events("websocket_message")[0]["requestContext"]["connectionId"]
        management = running.management()

        def fill() -> None:
            for _ in range(2000):
                management.post_to_connection(ConnectionId=connection_id, Data=b"x" * MESSAGE_BYTES)

        with pytest.raises(management.exceptions.GoneException):
            fill()
        assert disconnected(running)["disconnectStatusCode"] == 1006


def test_stopping_says_goodbye() -> None:
    with serve() as running, joined(running) as client:
        started = time.monotonic()
        running.stop()
        assert ending(client) == (1001, "Going away")
        assert time.monotonic() - started < 5
        assert disconnected(running)["disconnectStatusCode"] == 1001


def test_many_messages_over_two_sockets() -> None:
    async def talk(running: Running, name: str) -> list[Any]:
        async with connect_async(running.socket) as client:
            for number in range(100):
                await client.send(f"{name}{number}")
            return [await client.recv() for _ in range(100)]

    async def both(running: Running) -> tuple[list[Any], list[Any]]:
        return await asyncio.wait_for(asyncio.gather(talk(running, "a"), talk(running, "b")), 100)

    with serve() as running:
        received = asyncio.run(both(running))
    for name, answers in zip("ab", received, strict=True):
        assert sorted(answers) == sorted(f"{name}{number}" for number in range(100))


def test_ids_are_not_guessable(running: Running) -> None:
    with ExitStack() as clients:
        for _ in range(20):
            clients.enter_context(joined(running))
        ids = {event["requestContext"]["connectionId"] for event in running.events("websocket_connect", 20)}
    assert len(ids) == 20
    assert len({identifier[:4] for identifier in ids}) > 15
    wait_for(lambda: len(running.record.events.get("websocket_disconnect", [])) == 20)
