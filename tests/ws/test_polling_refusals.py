"""What Socket.IO by HTTP refuses, in Engine.IO's own words, and which pages may use it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import httpx
import pytest

from tests.support.people import Person
from tests.support.poll import Poll
from tests.support.server import Server


def _ask(server: Server, method: str = "GET", body: str = "", **query: str) -> httpx.Response:
    return httpx.request(method, f"{server.origin}/socket.io/?{urlencode(query)}", content=body, timeout=40)


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ({}, 0, "Transport unknown"),
        ({"EIO": "4", "transport": "flash"}, 0, "Transport unknown"),
        ({"EIO": "4", "transport": "websocket"}, 3, "Bad request"),
        ({"transport": "polling"}, 5, "Unsupported protocol version"),
        ({"EIO": "2", "transport": "polling"}, 5, "Unsupported protocol version"),
        ({"EIO": "4", "transport": "polling", "sid": "nobody"}, 1, "Session ID unknown"),
        ({"EIO": "4", "transport": "polling", "sid": ""}, 1, "Session ID unknown"),
        ({"EIO": "4", "transport": "polling", "sid": "\x00'\"ж" * 900}, 1, "Session ID unknown"),
    ],
)
def test_what_engine_io_refuses(server: Server, query: dict[str, str], code: int, message: str) -> None:
    answer = _ask(server, **query)
    assert (answer.status_code, answer.json()) == (400, {"code": code, "message": message})
    assert answer.headers["content-type"] == "application/json"


def test_posts_that_engine_io_refuses(server: Server) -> None:
    opening = _ask(server, "POST", EIO="4", transport="polling")
    assert (opening.status_code, opening.json()) == (400, {"code": 2, "message": "Bad handshake method"})
    nobody = _ask(server, "POST", "2", EIO="4", transport="polling", sid="nobody")
    assert (nobody.status_code, nobody.json()["code"]) == (400, 1)


@pytest.mark.parametrize("vocabulary", ["klingon", "\x00"])
def test_an_unknown_vocabulary_is_refused(server: Server, vocabulary: str) -> None:
    answer = _ask(server, EIO="4", transport="polling", vocabulary=vocabulary)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert "vocabulary" in answer.json()["message"]


@pytest.mark.parametrize("body", [b"", b"\x1e", b"2\x1e" * 600], ids=["empty", "none", "many"])
def test_a_body_that_is_no_payload_ends_the_session(poll: Callable[..., Poll], alice: Person, body: bytes) -> None:
    one = poll()
    one.log_in(alice)
    answer = one.send(body)
    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert one.is_over()


@pytest.mark.parametrize("body", ["2", "2:4", "x:40", ":", "9999999999:2", "\x00\x01\xff", "\x01\x01ÿ2"])
def test_a_body_of_engine_3_that_is_no_payload(poll: Callable[..., Poll], alice: Person, body: str) -> None:
    one = poll(3, query={"token": alice.access_token})
    one.hear_event("hello")
    assert one.send(body).status_code == 400
    assert one.is_over()


def test_a_body_that_is_too_large_is_refused(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll()
    one.log_in(alice)
    assert one.send("2" * 1_000_001).status_code == 413
    one.say('420["ping"]')
    assert one.hear().startswith("430")


@pytest.mark.parametrize("packet", ["9", "x", "\ufffd", "42[]", "{}", '42/rooms,["ping"]'])
def test_a_packet_against_the_protocol_ends_the_session(
    poll: Callable[..., Poll], alice: Person, packet: str
) -> None:
    one = poll()
    one.log_in(alice)
    one.say(packet)
    assert one.is_over()


def test_two_polls_at_once_end_the_session(poll: Callable[..., Poll], alice: Person) -> None:
    one = poll()
    one.log_in(alice)
    with ThreadPoolExecutor(1) as side:
        first = side.submit(one.poll)
        time.sleep(0.7)
        second = one.get()
        assert (second.status_code, second.json()["code"]) == (400, 3)
        assert first.result(20) == ["1"]
    assert one.get().json()["code"] == 1


# Pages of other origins


def test_a_page_may_read_the_answers_with_credentials(server: Server, poll: Callable[..., Poll]) -> None:
    one = poll(headers={"Origin": "https://page.example"})
    for answer in (one.send("2"), one.get(), _ask(server, sid="x", Origin="")):
        told = answer.headers.get("access-control-allow-origin")
        assert told == ("https://page.example" if "origin" in answer.request.headers else None)
    assert one.send("2").headers["access-control-allow-credentials"] == "true"


def test_a_preflight_lets_headers_through(server: Server) -> None:
    asked = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, x-mine",
    }
    answer = httpx.options(f"{server.origin}/socket.io/", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://page.example"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "authorization,x-mine"
    assert "POST" in answer.headers["access-control-allow-methods"]


def test_other_origins_are_refused(server: Server) -> None:
    with server.settings(origins=("https://chat.example",)):
        query = {"EIO": "4", "transport": "polling"}
        headers = {"Origin": "https://evil.example"}
        answer = httpx.get(f"{server.origin}/socket.io/", params=query, headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"code": 4, "message": "Forbidden"})
        assert "access-control-allow-origin" not in answer.headers
        headers["Origin"] = "https://chat.example"
        assert httpx.get(f"{server.origin}/socket.io/", params=query, headers=headers).status_code == 200
    server.stack.reset(database_url=server.database_url)
