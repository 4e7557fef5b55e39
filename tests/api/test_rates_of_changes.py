"""Rates of edits and reactions, on both ways together; and what a change takes that has to be tried again."""

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from tests.support.answers import refusal
from tests.support.people import Person, Register
from tests.support.server import Server

Change = Callable[[Person, int], httpx.Response]

_numbers = itertools.count()


def _edit(who: Person, message: int) -> httpx.Response:
    """To another text each time, so that something changes."""
    return who.http.put(f"/messages/{message}", json={"content": f"text {next(_numbers)}"})


def _add(who: Person, message: int) -> httpx.Response:
    return who.http.put(f"/messages/{message}/reactions/👍")


def _take_back(who: Person, message: int) -> httpx.Response:
    return who.http.delete(f"/messages/{message}/reactions/👍")


@pytest.fixture
def message(alice: Person, person: Register) -> int:
    return int(alice.send(alice.chat_with(person("bob")), "hello")["id"])


@pytest.mark.parametrize(
    ("name", "changes", "by_socket"),
    [
        ("edits", (_edit, _edit, _edit), ("message:edit", "content")),
        ("reactions", (_add, _take_back, _add), ("message:react", "emoji")),
    ],
)
def test_both_ways_share_one_allowance(
    server: Server, alice: Person, message: int, name: str, changes: tuple[Change, ...], by_socket: tuple[str, str]
) -> None:
    socket, (action, field) = alice.socket(), by_socket
    with server.settings(rate_limits=True, **{name: 3}):
        for change, left in zip(changes[:2], (2, 1), strict=True):
            answer = change(alice, message)
            assert answer.is_success, answer.text
            assert answer.headers["RateLimit-Policy"] == f'"{name}";q=3;w=60'
            assert answer.headers["RateLimit"] == f'"{name}";r={left};t=20'
        socket.act(action, {"messageId": message, field: "🔥"})
        refused = changes[2](alice, message)
        assert refusal(refused) == (429, "rate_limited")
        seconds = int(refused.headers["Retry-After"])
        assert 1 <= seconds <= 20
        assert refused.headers["RateLimit"] == f'"{name}";r=0;t={seconds}'
        problem = socket.refused(action, {"messageId": message, field: "🎉"})
        assert (problem["status"], problem["code"], problem["retryable"]) == (429, "rate_limited", True)
        assert 1 <= problem["retryAfter"] <= 20
        server.sql("UPDATE allowances SET empty_at = empty_at - interval '20 seconds'")
        assert changes[2](alice, message).is_success
    free = changes[1](alice, message)
    assert free.is_success
    assert "RateLimit-Policy" not in free.headers


def test_a_refused_change_changes_nothing_and_tells_nobody(server: Server, alice: Person, message: int) -> None:
    ears = alice.socket()
    with server.settings(rate_limits=True, edits=1, reactions=1):
        assert alice.http.put(f"/messages/{message}", json={"content": "once"}).is_success
        assert _add(alice, message).is_success
        ears.wait_for("message:updated", id=message)
        ears.wait_for("message:reaction", messageId=message)
        for refused in (_edit(alice, message), _take_back(alice, message)):
            assert refusal(refused) == (429, "rate_limited")
    server.settle()
    assert len(ears.events("message:updated")) == len(ears.events("message:reaction")) == 1
    stored = alice.http.get(f"/messages/{message}").json()
    assert (stored["content"], stored["reactions"]) == ("once", {"👍": [alice.id]})
    assert len(alice.http.get(f"/messages/{message}/edits").json()["edits"]) == 1


def test_what_changes_nothing_takes_nothing(server: Server, alice: Person, message: int) -> None:
    with server.settings(rate_limits=True, edits=1, reactions=1):
        for _ in range(3):
            same = alice.http.put(f"/messages/{message}", json={"content": "hello"})
            assert same.is_success
            assert "RateLimit" not in same.headers
            assert _take_back(alice, message).status_code == 204
            assert refusal(_edit(alice, 999_999))[0] == refusal(_add(alice, 999_999))[0] == 404
        assert [_edit(alice, message).status_code for _ in range(2)] == [200, 429]
        assert [change(alice, message).status_code for change in (_add, _add, _take_back)] == [200, 200, 429]


def _send(who: Person, message: int) -> httpx.Response:
    chat = who.http.get(f"/messages/{message}").json()["chatId"]
    return who.http.post("/messages", json={"chatId": chat, "content": "again"})


def _forward(who: Person, message: int) -> httpx.Response:
    chat = who.http.get(f"/messages/{message}").json()["chatId"]
    return who.http.post(f"/messages/{message}/forward", json={"chatIds": [chat]})


@pytest.mark.parametrize("change", [_send, _forward, _edit, _add])
def test_a_change_that_was_stale_takes_once(server: Server, alice: Person, message: int, change: Change) -> None:
    """The members change while it waits for the chat's row: it is tried again, and has paid already."""
    with (
        server.settings(rate_limits=True, sends_http=5, edits=5, reactions=5),
        psycopg.connect(server.database_url) as other,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("UPDATE chats SET members_version = members_version + 1")
        answer = thread.submit(change, alice, message)
        _until_it_waits(server)
        other.commit()
        assert answer.result(20).is_success, answer.result().text
        assert answer.result().headers["RateLimit"].partition(";t")[0].endswith(";r=4")
        [(steps,)] = server.sql("SELECT round(extract(epoch FROM empty_at - clock_timestamp()) / 12) FROM allowances")
        assert steps == 1


def _until_it_waits(server: Server) -> None:
    until = time.monotonic() + 20
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    while not server.sql(waiting):
        assert time.monotonic() < until, "it never waited for the chat's row"
        time.sleep(0.01)
