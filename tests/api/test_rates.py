"""Rates: the law of `take_allowance`, and what clients are told of limits."""

import math
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.core.ratelimit import Allowance, Policy, headers, network_of
from tests.support.answers import at_once, refusal
from tests.support.people import Person, Register
from tests.support.server import Server

Connection = psycopg.Connection[tuple[Any, ...]]

BOUNDED = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
# So long that the time the test itself takes is nothing beside a step of it.
PERIOD = 100 * 3600


@pytest.fixture
def database(server: Server) -> Iterator[Connection]:
    with psycopg.connect(server.database_url, autocommit=True) as connection:
        yield connection


def _take(database: Connection, subject: str, burst: int | None, period: int = PERIOD) -> tuple[bool, int, int]:
    row = database.execute(
        "SELECT allowed, remaining, retry_after FROM take_allowance(%s, %s, make_interval(secs => %s))",
        (subject, burst, period),
    ).fetchone()
    assert row is not None
    return row


def _wait(database: Connection, seconds: float) -> None:
    """As though time had passed."""
    database.execute("UPDATE allowances SET empty_at = empty_at - make_interval(secs => %s)", (seconds,))


def test_an_allowance_is_a_bucket_that_empties_evenly(database: Connection) -> None:
    # In quarters of the time in which one comes back, so that no decision hangs on a moment.
    moves = st.lists(st.one_of(st.just("take"), st.integers(1, 30)), max_size=40)

    @settings(BOUNDED, max_examples=40)
    @given(burst=st.integers(1, 12), moves=moves)
    def obeys(burst: int, moves: list[str | int]) -> None:
        database.execute("DELETE FROM allowances")
        step = PERIOD / burst
        now = full_until = 0.0
        for move in moves:
            if isinstance(move, int):
                now += move * step / 4
                _wait(database, move * step / 4)
                continue
            after = max(full_until, now) + step
            fits = after <= now + PERIOD + step / 100
            full_until = after if fits else full_until
            allowed, remaining, retry_after = _take(database, "s", burst)
            assert allowed is fits
            assert remaining == (math.floor((now + PERIOD - full_until) / step + 0.01) if fits else 0)
            expected = 0 if fits else after - now - PERIOD
            assert expected - 60 <= retry_after <= expected + 1

    obeys()


@pytest.mark.parametrize("burst", [1, 7, 30, 120, 997])
def test_at_once_there_is_exactly_the_burst(database: Connection, burst: int) -> None:
    row = database.execute(
        """
        SELECT count(*) FILTER (WHERE allowed), array_agg(remaining ORDER BY n) FILTER (WHERE allowed),
            array_agg(DISTINCT retry_after) FILTER (WHERE NOT allowed)
        FROM generate_series(1, %(burst)s + 5) n, LATERAL take_allowance('s' || left(n::text, 0), %(burst)s, '1 day')
        """,
        {"burst": burst},
    ).fetchone()
    assert row is not None
    allowed, remaining, retry_after = row
    assert allowed == burst
    assert remaining == list(range(burst - 1, -1, -1))
    assert all(86_400 / burst - 60 <= seconds <= math.ceil(86_400 / burst) for seconds in retry_after)


def test_takers_at_once_get_no_more_than_there_is(server: Server, database: Connection) -> None:
    def take_all(_: int) -> int:
        with psycopg.connect(server.database_url, autocommit=True) as mine:
            return sum(_take(mine, "s", 50)[0] for _ in range(20))

    assert sum(at_once(take_all, 6)) == 50
    assert _take(database, "other", 50) == (True, 49, 0), "subjects do not share"


def test_without_a_burst_there_is_no_limit_and_no_trace(database: Connection) -> None:
    assert [_take(database, "s", None)[0] for _ in range(5)] == [True] * 5
    assert database.execute("SELECT count(*) FROM allowances").fetchone() == (0,)


def _send(who: Person, chat: int, **more: Any) -> httpx.Response:
    return who.http.post("/messages", json={"chatId": chat, "content": "x", **more})


def test_what_a_client_is_told(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    with server.settings(rate_limits=True, sends_http=3):
        for left in (2, 1, 0):
            answer = _send(alice, chat)
            assert answer.status_code == 201
            assert answer.headers["RateLimit-Policy"] == '"send-http";q=3;w=60'
            assert answer.headers["RateLimit"] == f'"send-http";r={left};t=20'
        refused = _send(alice, chat)
        assert refusal(refused) == (429, "rate_limited")
        assert refused.json()["retryable"] is True
        seconds = int(refused.headers["Retry-After"])
        assert 1 <= seconds <= 20
        assert refused.headers["RateLimit"] == f'"send-http";r=0;t={seconds}'
        assert _send(bob, chat).status_code == 201, "everybody has their own"
        by_socket = alice.socket().act("message:send", {"chatId": chat, "content": "x"})
        assert by_socket["seq"] == 5, "and each way its own"

        server.sql("UPDATE allowances SET empty_at = empty_at - interval '20 seconds'")
        assert [_send(alice, chat).status_code for _ in range(2)] == [201, 429]
    free = _send(alice, chat)
    assert free.status_code == 201
    assert not {"ratelimit", "ratelimit-policy"} & set(free.headers)


def test_what_is_refused_by_a_rule_costs_nothing(server: Server, person: Register) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob)
    with server.settings(rate_limits=True, sends_http=2):
        for _ in range(5):
            assert refusal(_send(alice, chat, replyTo=999_999))[0] == 422
            assert refusal(_send(alice, 999_999))[0] == 404
            assert refusal(_send(alice, chat, content=""))[0] == 400
        assert [_send(alice, chat).status_code for _ in range(3)] == [201, 201, 429]


def test_headers_say_when_one_comes_back(server: Server) -> None:
    policy = Policy(name="n", quota=7)
    allowance = Allowance(allowed=True, remaining=3, retry_after=0)
    with server.settings(rate_limits=True):
        assert headers(policy, allowance) == {"RateLimit-Policy": '"n";q=7;w=60', "RateLimit": '"n";r=3;t=9'}
    with server.settings(rate_limits=False):
        assert headers(policy, allowance) == {}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_whom_an_address_stands_for(address: str, network: str) -> None:
    assert network_of(address) == network
