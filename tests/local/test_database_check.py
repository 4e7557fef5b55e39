"""Databases that `make run`, `make migrate` and a deployment refuse, and what they say of them."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from chalicelib.core import database_check
from chalicelib.core.migrations import MigrationError, migrate
from local.binaries import find_binaries, version
from local.postgres import Postgres

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
# Databases whose letters are bytes: by the system's locales, and by PostgreSQL's own, which came with 17.
BYTES = "TEMPLATE template0 LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
BUILTIN_BYTES = "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C' LC_COLLATE 'C' LC_CTYPE 'C'"
HALF_BYTES = "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'"

_numbers = itertools.count(1)


@pytest.fixture(
    scope="module", params=[find_binaries(), *DEBIAN[:1]], ids=lambda folder: f"PostgreSQL {version(folder)}"
)
def server(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    with Postgres.temporary(binaries=request.param) as started:
        yield started


def run(url: str, *commands: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())


def made(server: Postgres, properties: str) -> str:
    """A new database, by what follows its name in CREATE DATABASE."""
    name = f"made_{next(_numbers)}"
    run(server.server_url, f"CREATE DATABASE {name} {properties}")
    return server.url(name)


def refused(url: str) -> str:
    """What is said, with nothing written."""
    with pytest.raises(MigrationError) as caught:
        migrate(url)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('schema_migrations') IS NULL").fetchone() == (True,)
    return str(caught.value)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        (f"{BYTES} ENCODING 'UTF8'", "does not know Cyrillic letters"),
        (f"{BUILTIN_BYTES} ENCODING 'UTF8'", "does not know Cyrillic letters"),
        (f"{HALF_BYTES} ENCODING 'UTF8'", "does not know Cyrillic letters"),
        (f"{BYTES} ENCODING 'SQL_ASCII'", "is encoded in SQL_ASCII, and UTF8 is needed"),
        (f"{BYTES} ENCODING 'LATIN1'", "is encoded in LATIN1, and UTF8 is needed"),
    ],
)
def test_a_database_that_takes_letters_for_bytes_is_refused_with_the_command_for_a_right_one(
    server: Postgres, properties: str, words: str
) -> None:
    if "builtin" in properties and version(server.binaries) < 17:
        with pytest.raises(psycopg.Error):
            made(server, properties)
        return
    said = refused(made(server, properties))
    assert words in said
    advised = re.search(r"CREATE DATABASE messenger (.*)", said)
    assert advised is not None
    assert migrate(made(server, advised[1]))[0].startswith("0001_")


def test_what_a_user_may_not_do_is_said_with_the_command_that_lets_them(server: Postgres) -> None:
    url = server.ensure("rights")
    run(url, "CREATE ROLE guest LOGIN PASSWORD 'guest'", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    guest = url.replace("postgres:", "guest:", 1).replace(url.split(":")[2].split("@")[0], "guest", 1)
    said = refused(guest)
    assert said == 'guest does not own the database rights: ALTER DATABASE "rights" OWNER TO "guest"'
    run(url, said.rpartition(": ")[2], "ALTER SCHEMA public OWNER TO postgres")
    said = refused(guest)
    assert said == 'guest may not create tables in the database rights: GRANT CREATE ON SCHEMA public TO "guest"'
    run(url, said.rpartition(": ")[2])
    assert migrate(guest)

    run(url, "ALTER ROLE guest SET default_transaction_read_only = on")
    with pytest.raises(MigrationError, match="is read-only for guest: set default_transaction_read_only to off"):
        migrate(guest)
    with pytest.raises(MigrationError, match=r"cannot connect to the database: .*password authentication failed"):
        migrate(guest.replace(":guest@", ":guessed@"))
    with pytest.raises(MigrationError, match=r'cannot connect to the database: .*"nowhere" does not exist'):
        migrate(server.url("nowhere"))


def test_an_old_version_is_refused() -> None:
    class Old:
        info = SimpleNamespace(server_version=14_0009)

    said = database_check.objection(cast("psycopg.Connection[Any]", Old()))
    assert said == "the database is PostgreSQL 14, and 15 or newer is needed"


def good(**changes: bool) -> database_check.Found:
    """All is well, but for the changes."""
    return database_check.Found(**dict.fromkeys(database_check.Found.__struct_fields__, True) | changes)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (good(knows_latin=False), "its own rule for the letter i"),
        (good(is_primary=False), "is a standby that can only be read"),
        (good(has_trigrams=False), "lacks the extension pg_trgm"),
    ],
)
def test_what_no_server_here_can_be_made_to_be(found: database_check.Found, words: str) -> None:
    assert words in str(database_check.judge(found, database="messenger", user="app", major=18))
    assert database_check.judge(good(), database="messenger", user="app", major=18) is None
