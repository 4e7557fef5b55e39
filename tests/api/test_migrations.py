"""Migrations: in order, once, one runner at a time; what fails names itself and leaves nothing of itself.

SQL functions follow them, each as its file has it today.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from chalicelib.core.migrations import MigrationError, migrate, read
from local.stack import Stack
from tests.support.answers import at_once

Write = Callable[..., Path]
_numbers = itertools.count(1)

FIRST = "CREATE TABLE first (id int);"
SECOND = "CREATE TABLE second (id int);"
# What a run that applies all of the repository's functions says of them.
FUNCTIONS = f"functions ({len(list(Path('migrations/functions').glob('*.sql')))})"


@pytest.fixture
def empty(stack: Stack) -> Iterator[str]:
    """The URL of a database with nothing in it."""
    assert stack.postgres is not None
    name = f"empty_{next(_numbers)}"
    yield stack.postgres.ensure(name)
    stack.postgres.drop(name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes migrations (`_0001_name`) and functions (`f_name`), and answers their directory."""

    def write_all(**files: str) -> Path:
        for name, text in files.items():
            folder, stem = (tmp_path / "functions", name[2:]) if name.startswith("f_") else (tmp_path, name)
            folder.mkdir(exist_ok=True)
            (folder / f"{stem.removeprefix('_')}.sql").write_text(text, encoding="utf-8")
        return tmp_path

    return write_all


def _ask(url: str, question: LiteralString) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(question)
        return cursor.fetchall() if cursor.description else []


def _tables(url: str) -> set[str]:
    rows = _ask(url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    return {name for (name,) in rows} - {"schema_migrations", "schema_functions"}


def _failure(url: str, directory: Path, **timeouts: int) -> str:
    with pytest.raises(MigrationError) as failed:
        migrate(url, directory, admit=False, **timeouts)
    return str(failed.value)


def test_ours_apply_once(empty: str) -> None:
    applied = migrate(empty)
    assert applied == [*sorted(path.stem for path in Path("migrations").glob("*.sql")), FUNCTIONS]
    assert {"users", "chats", "members", "messages"} <= _tables(empty)
    before = _ask(empty, "SELECT * FROM schema_migrations ORDER BY number")
    assert migrate(empty) == []
    assert _ask(empty, "SELECT * FROM schema_migrations ORDER BY number") == before
    assert [number for number, *_ in before] == list(range(1, len(applied)))


def test_of_runners_at_once_one_applies(empty: str) -> None:
    applied = at_once(lambda _: migrate(empty), 4)
    assert sorted(map(len, applied)) == [0, 0, 0, len(read(Path("migrations")).migrations) + 1]


def test_a_runner_waits_for_another_longer_than_a_request_may(empty: str, write: Write) -> None:
    directory = write(_0001_slow=f"{FIRST} SELECT pg_sleep(1);")
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET statement_timeout = '300ms'")
    assert sorted(at_once(lambda _: migrate(empty, directory), 2)) == [[], ["0001_slow"]]


def test_what_is_new_is_applied_in_order(empty: str, write: Write) -> None:
    assert migrate(empty, write(_0001_first=FIRST)) == ["0001_first"]
    directory = write(_0002_second=SECOND, _0003_both="INSERT INTO first SELECT * FROM second;")
    assert migrate(empty, directory) == ["0002_second", "0003_both"]


def test_a_file_that_changed_is_refused_by_name(empty: str, write: Write) -> None:
    migrate(empty, write(_0001_first=FIRST))
    directory = write(_0001_first=f"{FIRST} -- better", _0002_second=SECOND)
    assert _failure(empty, directory) == "0001_first: the file changed after it was applied"
    assert _tables(empty) == {"first"}
    assert migrate(empty, write(_0001_first=FIRST)) == ["0002_second"]


@pytest.mark.parametrize(
    ("failing", "reason"),
    [
        (f"{SECOND} SELECT 1 / 0;", "division by zero"),
        (f"{SECOND} SELEKT 1;", "syntax error"),
        (f"{SECOND} {SECOND}", "already exists"),
        (f"{SECOND} DO $$ BEGIN RAISE EXCEPTION 'not yet, 100%% of it'; END $$;", "not yet, 100% of it"),
    ],
)
def test_what_fails_names_itself_and_leaves_nothing(empty: str, write: Write, failing: str, reason: str) -> None:
    directory = write(_0001_first=FIRST, _0002_second=failing, _0003_third="CREATE TABLE third (id int);")
    words = _failure(empty, directory)
    assert words.startswith("0002_second: ")
    assert reason in words
    assert _tables(empty) == {"first"}, "what came before stays, what comes after waits"
    assert _ask(empty, "SELECT number FROM schema_migrations") == [(1,)]
    assert migrate(empty, write(_0002_second=SECOND)) == ["0002_second", "0003_third"]


@pytest.fixture
def guest(empty: str) -> Iterator[str]:
    """The URL of the same database for somebody who may connect, and nothing else."""
    password = conninfo_to_dict(empty)["password"]
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE guest LOGIN PASSWORD {}").format(password))
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield empty.replace("//postgres:", "//guest:")
        connection.execute("DROP ROLE guest")


def test_a_user_who_may_make_no_table_is_told_so(guest: str, write: Write) -> None:
    assert _failure(guest, write(_0001_first=FIRST)).startswith("guest does not own the database ")


def test_a_table_in_use_is_not_waited_for_forever(empty: str, write: Write) -> None:
    migrate(empty, write(_0001_first=FIRST))
    directory = write(_0002_change="CREATE TABLE second (id int); ALTER TABLE first ADD COLUMN name text;")
    with psycopg.connect(empty) as busy:
        busy.execute("LOCK TABLE first IN ACCESS SHARE MODE")
        started = time.monotonic()
        words = _failure(empty, directory, lock_timeout_seconds=1)
        assert 0.9 < time.monotonic() - started < 10
        assert words == "0002_change: canceling statement due to lock timeout"
        assert _tables(empty) == {"first"}
    assert migrate(empty, directory) == ["0002_change"]


def test_a_migration_may_not_work_forever(empty: str, write: Write) -> None:
    words = _failure(empty, write(_0001_slow=f"{FIRST} SELECT pg_sleep(20);"), statement_timeout_seconds=1)
    assert words == "0001_slow: canceling statement due to statement timeout"
    assert _tables(empty) == set()


def test_a_runner_that_is_killed_holds_nobody_up(empty: str, write: Write) -> None:
    directory = write(_0001_slow=f"{FIRST} SELECT pg_sleep(20);")
    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(migrate, empty, directory)
        ended: list[tuple[Any, ...]] = []
        while not ended and not working.done():
            ended = _ask(
                empty,
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event = 'PgSleep'
                """,
            )
            time.sleep(0.02)
        with pytest.raises(MigrationError, match="0001_slow"):
            working.result()
    assert _tables(empty) == set()
    assert migrate(empty, write(_0001_slow=FIRST)) == ["0001_slow"]


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["_0002_first"], "0002_first.sql: expected a file numbered 0001"),
        (["_0001_first", "_0003_third"], "0003_third.sql: expected a file numbered 0002"),
        (["_0001_first", "_0001_other"], "0001_other.sql: expected a file numbered 0002"),
        (["_0001_first", "second"], "second.sql: expected a file numbered 0002"),
        ([], "no migrations in "),
    ],
)
def test_numbers_have_no_gaps(empty: str, write: Write, names: list[str], complaint: str) -> None:
    assert _failure(empty, write(**dict.fromkeys(names, FIRST))).startswith(complaint)
    assert _tables(empty) == set()


def test_a_database_that_is_ahead_is_left_alone(empty: str, write: Write) -> None:
    newer = write(_0001_first=FIRST, _0002_second=SECOND)
    migrate(empty, newer)
    (newer / "0002_second.sql").unlink()
    assert migrate(empty, newer) == []
    assert _tables(empty) == {"first", "second"}


def test_line_ends_do_not_matter(empty: str, write: Write) -> None:
    migrate(empty, write(_0001_first="CREATE TABLE first (\n  id int\n);\n"))
    directory = write()
    (directory / "0001_first.sql").write_bytes(b"CREATE TABLE first (\r\n  id int\r\n);\r\n")
    assert migrate(empty, directory) == []


def _function(name: str, value: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS int LANGUAGE sql RETURN {value};"


def _value(url: str) -> int:
    [(value,)] = _ask(url, "SELECT total()")
    return int(value)


def test_each_function_of_ours_has_a_file(empty: str) -> None:
    migrate(empty)
    functions = _ask(
        empty,
        """
        SELECT p.proname, count(*) FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'
        ) GROUP BY p.proname ORDER BY p.proname
        """,
    )
    files = read(Path("migrations")).functions
    assert functions == [(file.name, 1) for file in files]
    assert [file.name for file in files if f"CREATE OR REPLACE FUNCTION {file.name}(" not in file.text] == []


def test_a_function_is_replaced_when_its_text_changes(empty: str, write: Write) -> None:
    directory = write(_0001_first=FIRST, f_total=_function("total", "1"), f_other=_function("other", "1"))
    assert migrate(empty, directory) == ["0001_first", "functions (2)"]
    assert _value(empty) == 1
    assert migrate(empty, directory) == []
    assert migrate(empty, write(f_total=_function("total", "2"))) == ["functions (1)"]
    assert _value(empty) == 2


def test_functions_find_the_tables_of_today_and_each_other(empty: str, write: Write) -> None:
    directory = write(
        _0001_first=FIRST,
        _0002_second=SECOND,
        f_total=_function("total", "used() + (SELECT count(*)::int FROM second)"),
        f_used=_function("used", "3"),
    )
    assert migrate(empty, directory) == ["0001_first", "0002_second", "functions (2)"]
    assert _value(empty) == 3


def test_a_function_stands_or_falls_with_the_migration_beside_it(empty: str, write: Write) -> None:
    migrate(empty, write(_0001_first=FIRST, f_total=_function("total", "1")))
    directory = write(_0002_second=SECOND, f_total=_function("total", "2"), f_broken=_function("broken", "nowhere()"))
    assert _failure(empty, directory) == "broken: function nowhere() does not exist"
    assert _tables(empty) == {"first"}
    assert _value(empty) == 1
    assert migrate(empty, write(f_broken=_function("broken", "1"))) == ["0002_second", "functions (2)"]
    assert _value(empty) == 2


def test_functions_of_a_database_that_is_ahead_are_left_alone(empty: str, write: Write) -> None:
    newer = write(_0001_first=FIRST, _0002_second=SECOND, f_total=_function("total", "2"))
    migrate(empty, newer)
    (newer / "0002_second.sql").unlink()
    assert migrate(empty, write(f_total=_function("total", "1"))) == []
    assert _value(empty) == 2
