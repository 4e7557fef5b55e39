"""Statements that travel together: what they answer, what is prepared, and what becomes of the connection."""

from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
import pytest

from chalicelib.core.statements import Command, Statements
from local.postgres import Postgres


class Pair(msgspec.Struct):
    a: Any
    b: Any


PAIR = Command("SELECT %(x)s::text AS a, %(x)s || '%%' AS b", {"x": "ж"})
FAILING = Command("SELECT 1 / %(x)s", {"x": 0})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Postgres.temporary() as server:
        yield server.ensure("statements")


@pytest.fixture
def connection(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as made:
        yield made


def _prepared(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert row is not None
    return int(row[0])


def test_each_statement_of_several_has_its_answer(connection: psycopg.Connection[Any]) -> None:
    statements = Statements(connection)
    one, pair = statements.run([Command("SELECT 1 AS a, NULL AS b"), PAIR])
    assert statements.rows(Pair, "SELECT 1 AS a, NULL AS b", one) == [Pair(1, None)]
    assert statements.rows(Pair, PAIR.query, pair) == [Pair("ж", "ж%")]


def test_what_comes_after_a_refusal_does_not_run(connection: psycopg.Connection[Any]) -> None:
    statements = Statements(connection)
    statements.run([Command("CREATE TEMP TABLE t (n int)")])
    with pytest.raises(psycopg.errors.DivisionByZero):
        statements.run([FAILING, Command("INSERT INTO t VALUES (1)")])
    (left,) = statements.run([Command("SELECT count(*) AS a, 0 AS b FROM t")])
    assert statements.rows(Pair, "count", left) == [Pair(0, 0)], "and the connection goes on"


def test_what_runs_often_is_prepared_unless_it_is_to_be_planned_anew(connection: psycopg.Connection[Any]) -> None:
    statements = Statements(connection)
    other = Command("SELECT %(x)s::int AS a", {"x": 1})
    anew = Command("SELECT %(x)s::int + 1 AS a", {"x": 1}, plan_anew=True)
    for _ in range(4):
        statements.run([PAIR, other, anew])
    assert _prepared(connection) == 0
    for _ in range(8):
        results = statements.run([PAIR, other, anew])
        assert statements.rows(Pair, PAIR.query, results[0]) == [Pair("ж", "ж%")]
    assert _prepared(connection) == 2
    connection.prepare_threshold = None
    unprepared = Statements(connection)
    for _ in range(12):
        unprepared.run([Command("SELECT %(x)s::int - 1 AS a", {"x": 1})])
    assert _prepared(connection) == 2, "as behind a pool that shares connections"


def test_a_statement_that_cannot_be_prepared_is_refused_each_time(connection: psycopg.Connection[Any]) -> None:
    statements = Statements(connection)
    for _ in range(9):
        with pytest.raises(psycopg.errors.UndefinedTable):
            statements.run([Command("SELECT * FROM nowhere WHERE n = %(x)s", {"x": 1})])
    assert _prepared(connection) == 0
    assert statements.run([PAIR])


def test_a_connection_keeps_a_hundred_plans_at_most(connection: psycopg.Connection[Any]) -> None:
    connection.prepare_threshold = 0
    statements = Statements(connection)
    for number in range(110):
        statements.run([Command(f"SELECT {number} + %(x)s::int AS a", {"x": 1})])
    connection.prepare_threshold = None
    assert _prepared(connection) == 100


def test_a_statement_larger_than_the_sockets_buffers_goes_through(connection: psycopg.Connection[Any]) -> None:
    statements = Statements(connection)
    query = "SELECT length(%(x)s::text) AS a, reverse(%(x)s::text) AS b"
    (result,) = statements.run([Command(query, {"x": "ab" * 4_000_000})])
    assert statements.rows(Pair, query, result) == [Pair(8_000_000, "ba" * 4_000_000)]


def test_a_lost_connection_is_closed_and_told(connection: psycopg.Connection[Any], url: str) -> None:
    statements = Statements(connection)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(psycopg.OperationalError):
        statements.run([PAIR, PAIR])
    assert connection.closed


def test_an_interrupted_connection_is_given_up(
    connection: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = Statements(connection)

    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(statements, "_await", interrupted)
    with pytest.raises(KeyboardInterrupt):
        statements.run([Command("SELECT pg_sleep(0.2) AS a"), PAIR])
    assert connection.closed, "a later statement would get the answers of these"
