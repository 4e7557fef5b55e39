"""Bytes on the wire, cut and joined in every way, with each HTTP parser: the gateway's short ways change nothing."""

import socket
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.protocol import Protocol
from websockets.sync.client import ClientConnection, connect

from chalicelib.core import sigv4
from local import http_h11, http_httptools
from local.events import FRAME_BYTES
from local.http_parsers import http_protocol
from local.management import ManagementApi
from tests.local.sample.serving import SETTINGS, Running, serve

MASK = b"\x01\x02\x03\x04"
EVENT = '{"type":"message:new","text":"привет"}'.encode()


@pytest.fixture(
    scope="module",
    params=[http_httptools.GatewayHttpProtocol, http_h11.GatewayHttpProtocol],
    ids=["httptools", "h11"],
)
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    with serve(http=request.param) as running:
        yield running


@pytest.fixture
def running(server: Running) -> Running:
    return server.renew()


@pytest.fixture
def client(running: Running) -> Iterator[ClientConnection]:
    with connect(running.socket, compression=None) as client:
        yield client


@pytest.fixture
def identifier(running: Running, client: ClientConnection) -> str:
    """The id of the client's connection."""
    found: str = running.events("websocket_connect")[-1]["requestContext"]["connectionId"]
    assert client.subprotocol is None
    return found


@pytest.fixture
def caller(running: Running) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", running.port)) as caller:
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caller.settimeout(10)
        yield caller


def post(running: Running, identifier: str, body: bytes = EVENT, more: str = "") -> bytes:
    """A signed post; `more` are header lines that are not signed."""
    path = f"/api/%40connections/{identifier.replace('=', '%3D')}"
    host = f"127.0.0.1:{running.port}"
    who = sigv4.Credentials(
        SETTINGS.access_key_id, SETTINGS.secret_access_key, SETTINGS.session_token, SETTINGS.region
    )
    request = sigv4.Request("POST", host, sigv4.canonical_path(path), payload=body)
    headers = sigv4.sign_headers(request, who=who, service="execute-api", now=time.time())
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{lines}{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def statuses(caller: socket.socket, count: int) -> list[bytes]:
    """The status codes of so many answers without a body."""
    received = b""
    while received.count(b"\r\n\r\n") < count:
        some = caller.recv(65536)
        assert some, received
        received += some
    return [line.split(b" ")[1] for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


def refuse_asgi(*_: Any) -> Any:
    raise AssertionError("a usual post came by ASGI")


def test_a_connection_is_kept_for_thousands_of_posts(
    running: Running,
    client: ClientConnection,
    identifier: str,
    caller: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ManagementApi, "__call__", refuse_asgi)
    request = post(running, identifier)
    for _ in range(3000):
        caller.sendall(request)
        assert statuses(caller, 1) == [b"200"]
        assert client.recv(timeout=5) == EVENT.decode()


def test_a_post_may_be_cut_anywhere(
    running: Running, client: ClientConnection, identifier: str, caller: socket.socket
) -> None:
    request = post(running, identifier)
    for cut in range(1, len(request), 7):
        caller.sendall(request[:cut])
        time.sleep(0.002)  # so that it is a read of its own
        caller.sendall(request[cut:])
        assert statuses(caller, 1) == [b"200"]
        assert client.recv(timeout=5) == EVENT.decode()


def test_posts_and_requests_in_one_write_are_answered_in_order(
    running: Running, client: ClientConnection, identifier: str, caller: socket.socket
) -> None:
    one, other = post(running, identifier), post(running, "L0SM9cOFvHcCIhw=", b"nobody")
    nothing = b"OPTIONS /api/items/1 HTTP/1.1\r\nHost: x\r\n\r\n"
    caller.sendall(one + one + other + nothing + one)
    received = b""
    while received.count(b"HTTP/1.1 ") < 5 or not received.endswith(b"\r\n\r\n"):
        received += caller.recv(65536)
    assert [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200", b"200", b"410", b"200", b"200"]
    assert [client.recv(timeout=5) for _ in range(3)] == [EVENT.decode()] * 3


def test_a_post_behind_a_request_under_way_waits_for_its_turn(
    running: Running, client: ClientConnection, identifier: str, caller: socket.socket
) -> None:
    caller.sendall(b"GET /api/slow/200 HTTP/1.1\r\nHost: x\r\n\r\n")
    running.events("api_handler")
    caller.sendall(post(running, identifier))
    received = b""
    while received.count(b"HTTP/1.1 200") < 2:
        received += caller.recv(65536)
    assert received.index(b'{"same":true}') < received.rindex(b"HTTP/1.1 200")
    assert client.recv(timeout=5) == EVENT.decode()


def test_a_body_that_reads_like_a_post_is_a_body(
    running: Running, client: ClientConnection, identifier: str, caller: socket.socket
) -> None:
    inner = post(running, identifier)
    head = b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(
        inner
    )
    caller.sendall(head)
    time.sleep(0.05)  # so that the body is a read of its own
    caller.sendall(inner)
    assert statuses(caller, 1) == [b"200"]
    [got] = running.events("api_handler")
    assert got["body"] == inner.decode()
    client.send("nothing came before this")
    assert client.recv(timeout=5) == "nothing came before this"


@pytest.mark.parametrize(
    "more", ["Connection: close\r\n", "Expect: 100-continue\r\n", "X-Twice: a\r\nX-Twice: b\r\n"]
)
def test_an_unusual_post_is_served_too(
    running: Running, client: ClientConnection, identifier: str, caller: socket.socket, more: str
) -> None:
    caller.sendall(post(running, identifier, more=more))
    assert statuses(caller, 1)[-1] in {b"100", b"200"}
    assert client.recv(timeout=5) == EVENT.decode()
    if more.startswith("Connection"):
        while caller.recv(65536):
            pass


def test_what_follows_a_cut_off_client_is_no_post(running: Running, identifier: str, caller: socket.socket) -> None:
    for wrong in (b"POST /api/@connections/ HTTP/1.1\r\n\r\n", b"POST /api/@connections/x\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", running.port)) as other:
            other.settimeout(10)
            other.sendall(wrong)
            assert other.recv(65536)[9:12] in {b"400", b"403"}
    caller.sendall(post(running, identifier))
    assert statuses(caller, 1) == [b"200"]


def frame(first: int, payload: bytes) -> bytes:
    """A masked frame whose first byte is given."""
    masked = bytes(byte ^ MASK[place % 4] for place, byte in enumerate(payload))
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2)
    return bytes([first]) + length + MASK + masked


def upgraded(running: Running, caller: socket.socket) -> None:
    """Makes a WebSocket of a plain one."""
    caller.sendall(
        b"GET /api HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        received += caller.recv(1)
    assert received.startswith(b"HTTP/1.1 101")
    assert running.events("websocket_connect")


def read(caller: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (some := caller.recv(size - len(received))):
        received += some
    return received


def test_a_usual_message_takes_the_short_way(
    running: Running, client: ClientConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.send("before")
    assert client.recv(timeout=5) == "before"
    protocol = type(client.protocol)
    read_by_the_library = []
    everybody = Protocol.receive_data

    def noted(self: Protocol, data: bytes) -> None:
        if not isinstance(self, protocol):
            read_by_the_library.append(data)
        everybody(self, data)

    monkeypatch.setattr(Protocol, "receive_data", noted)
    for text in ("short", "привет", "x" * 200):
        client.send(text)
        assert client.recv(timeout=5) == text
    assert read_by_the_library == []
    client.ping().wait(5)
    assert read_by_the_library != []


def test_frames_may_be_cut_anywhere(running: Running, caller: socket.socket) -> None:
    upgraded(running, caller)
    sent = frame(0x81, b"one") + frame(0x89, b"ping") + frame(0x01, b"tw") + frame(0x80, b"o") + frame(0x82, b"three")
    answers = [b"\x81\x03one", b"\x8a\x04ping", b"\x81\x03two", b"\x81\x05three"]
    for cut in range(len(sent) + 1):
        caller.sendall(sent[:cut])
        time.sleep(0.002)  # so that it is a read of its own
        caller.sendall(sent[cut:])
        # Handlers run side by side, so that their answers come in any order.
        received = read(caller, sum(map(len, answers)))
        assert all(answer in received for answer in answers), (cut, received)


def test_many_frames_in_one_write(running: Running, caller: socket.socket) -> None:
    upgraded(running, caller)
    texts = [b"%03d" % number * 50 for number in range(300)]
    caller.sendall(b"".join(frame(0x81, text) for text in texts))
    received = read(caller, sum(len(text) + 4 for text in texts))
    assert all(text in received for text in texts)


def test_the_short_way_keeps_the_rules(running: Running) -> None:
    text = frame(0x81, b"x")
    cases = {
        1002: [b"\x81\x01x", frame(0xC1, b"x"), frame(0x83, b"x"), frame(0x80, b"x"), frame(0x01, b"x") + text],
        1007: [frame(0x81, b"\xff"), frame(0x01, b"\xd0") + frame(0x80, b"x")],
        1009: [frame(0x81, b"x" * (FRAME_BYTES + 1))],
    }
    for code, frames in cases.items():
        for wrong in frames:
            with socket.create_connection(("127.0.0.1", running.port)) as caller:
                caller.settimeout(10)
                upgraded(running, caller)
                caller.sendall(text + wrong + text)
                received = read(caller, 1 << 20)
            at = received.rindex(b"\x88")
            assert int.from_bytes(received[at + 2 : at + 4]) == code, wrong[:20]


def test_the_fastest_parser_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert http_protocol() is http_httptools.GatewayHttpProtocol
    for name in ("local.http_httptools", "uvicorn.protocols.http.httptools_impl"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httptools", None)
    assert http_protocol() is http_h11.GatewayHttpProtocol
