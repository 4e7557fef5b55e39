"""Applies `migrations/NNNN_name.sql` in order, each in its own transaction, one runner at a time.

What was applied is kept with its checksum: a file that changed afterwards is refused. A migration that fails leaves
nothing of itself behind and names itself in the error. Yesterday's code must run on the schema that results.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import msgspec

from chalicelib.core import db

if TYPE_CHECKING:
    from psycopg import Connection

# Beside chalicelib, in the repository as in a function's package.
_DIRECTORY = Path(__file__).parents[2] / "migrations"
# Any number will do, as long as every runner takes the same.
_LOCK = 7_301_994

_LEDGER: LiteralString = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

# Functions log in as messenger_app. It reads and writes rows and can change nothing else; the keys that tables number
# themselves need no right of their own. RDS makes rds_iam: whoever has it logs in by token, and by nothing else.
_ADMIT: LiteralString = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'messenger_app') THEN
        CREATE ROLE messenger_app LOGIN;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_iam') THEN
        GRANT rds_iam TO messenger_app;
    END IF;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO messenger_app', current_database());
END
$$;
GRANT USAGE ON SCHEMA public TO messenger_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO messenger_app;
REVOKE ALL ON schema_migrations FROM messenger_app;
"""


class MigrationError(Exception):
    """The schema could not be brought up to date; the words name the file, or the database, and the reason."""


class Migration(msgspec.Struct, frozen=True):
    """One file: its number, its name, its text."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def _connect(database_url: str) -> "Connection[Any]":
    import psycopg

    try:
        return db.connect(database_url)
    except psycopg.OperationalError as error:
        # Its words name host and database, never the password.
        raise MigrationError(f"the database does not answer: {str(error).strip()}") from error
    except psycopg.ProgrammingError:
        # Its words repeat what was given, and the password may be in that.
        raise MigrationError(
            "DATABASE_URL is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None


def migrate(
    database_url: str,
    directory: Path = _DIRECTORY,
    *,
    admit: bool = False,
    lock_timeout_seconds: int = 10,
    statement_timeout_seconds: int = 300,
) -> list[str]:
    """Brings the schema up to date; answers the names of what it applied.

    With `admit` it also makes sure that the functions' own role is there and may do what they do; the URL's user must
    be allowed to make roles. The lock timeout bounds how long a migration may stand in the way of running requests,
    the statement timeout how long it may work. Raises MigrationError.
    """
    import psycopg

    migrations = read(directory)
    with _connect(database_url) as connection:
        # The database's own timeout is for requests. Another runner may be waited for as long as it works.
        connection.execute("SET statement_timeout = 0")
        # Session-level on purpose: it is held across the migrations' own transactions.
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            connection.execute(_LEDGER)
            applied = _apply_missing(connection, migrations, lock_timeout_seconds, statement_timeout_seconds)
            if admit:
                connection.execute(_ADMIT)
            return applied
        except psycopg.Error as error:
            raise MigrationError(f"the database refuses: {error.diag.message_primary or error}") from error
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def read(directory: Path) -> list[Migration]:
    """The migrations in a directory, in order. Raises MigrationError where numbers are missing or taken twice."""
    migrations = []
    for number, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        prefix = path.stem.split("_")[0]
        if not prefix.isdigit() or int(prefix) != number:
            raise MigrationError(f"{path.name}: expected a file numbered {number:04d}")
        migrations.append(Migration(number, path.stem, path.read_text(encoding="utf-8")))
    if not migrations:
        raise MigrationError(f"no migrations in {directory}")
    return migrations


def _apply_missing(
    connection: "Connection[Any]", migrations: list[Migration], lock_seconds: int, statement_seconds: int
) -> list[str]:
    known = dict(connection.execute("SELECT number, checksum FROM schema_migrations").fetchall())
    applied = []
    for migration in migrations:
        checksum = known.pop(migration.number, None)
        if checksum is None:
            _apply(connection, migration, lock_seconds, statement_seconds)
            applied.append(migration.name)
        elif checksum != migration.checksum:
            raise MigrationError(f"{migration.name}: the file changed after it was applied")
    # Numbers that remain were applied by newer code than this: it must have left a schema that we can run on.
    return applied


def _apply(connection: "Connection[Any]", migration: Migration, lock_seconds: int, statement_seconds: int) -> None:
    import psycopg

    try:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{lock_seconds}s",))
            connection.execute("SELECT set_config('statement_timeout', %s, true)", (f"{statement_seconds}s",))
            connection.execute(migration.text.encode())
            connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
    except psycopg.Error as error:
        raise MigrationError(f"{migration.name}: {error.diag.message_primary or error}") from error
