"""Applies `migrations/NNNN_name.sql` in order, and then today's text of each SQL function. One runner at a time.

A migration is applied once, in a transaction of its own, and kept with its checksum: a file that changed afterwards
is refused. A function (`migrations/functions/NAME.sql`) is replaced whenever its text has changed, in the transaction
of the last migration that was missing, or in one of its own. What fails leaves nothing of itself behind and is named
in the error. Yesterday's code must run on the schema that results.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import msgspec

from chalicelib.core import database_check, db

if TYPE_CHECKING:
    import psycopg
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
);
CREATE TABLE IF NOT EXISTS schema_functions (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

_NOTE_FUNCTION: LiteralString = """
INSERT INTO schema_functions (name, checksum) VALUES (%s, %s)
ON CONFLICT (name) DO UPDATE SET checksum = excluded.checksum, applied_at = excluded.applied_at
"""

# Functions log in as messenger_app. It reads and writes rows and can change nothing else, and to the audit trail and
# the log of keys it only adds; the keys that tables number themselves need no right of their own. RDS makes rds_iam:
# whoever has it logs in by token, and by nothing else.
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
REVOKE ALL ON schema_migrations, schema_functions FROM messenger_app;
DO $$
BEGIN
    IF to_regclass('audit') IS NOT NULL THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON audit, audit_chain FROM messenger_app;
    END IF;
    IF to_regclass('key_log') IS NOT NULL THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON key_log FROM messenger_app;
    END IF;
END
$$;
"""


class MigrationError(Exception):
    """The schema could not be brought up to date; the words name the file, or the database, and the reason."""


class _File(msgspec.Struct, frozen=True):
    """A file's name without its ending, and its text."""

    name: str
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class Migration(_File, frozen=True):
    """A numbered file, applied once."""

    number: int


class Function(_File, frozen=True):
    """Today's text of the SQL function of this name."""


class Schema(msgspec.Struct, frozen=True):
    """All that a directory of migrations holds."""

    migrations: list[Migration]
    functions: list[Function]


class _Timeouts(msgspec.Struct, frozen=True):
    """Seconds: how long a migration may wait for a lock, and how long a statement may work."""

    lock: int
    statement: int


def _connect(database_url: str) -> "Connection[Any]":
    import psycopg

    try:
        return db.connect(database_url)
    except psycopg.OperationalError as error:
        # Its words name host and database, never the password.
        raise MigrationError(f"cannot connect to the database: {str(error).strip()}") from error
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
    """Brings the schema up to date; answers the names of the migrations it applied, and how many functions.

    With `admit` it also makes sure that the functions' own role is there and may do what they do; the URL's user must
    be allowed to make roles. The lock timeout bounds how long a migration may stand in the way of running requests,
    the statement timeout how long it may work. Raises MigrationError.
    """
    import psycopg

    schema = read(directory)
    timeouts = _Timeouts(lock_timeout_seconds, statement_timeout_seconds)
    with _connect(database_url) as connection:
        # The database's own timeout is for requests. Another runner may be waited for as long as it works.
        connection.execute("SET statement_timeout = 0")
        # Session-level on purpose: it is held across the migrations' own transactions.
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            if objection := database_check.objection(connection):
                raise MigrationError(objection)
            connection.execute(_LEDGER)
            applied = _apply_missing(connection, schema, timeouts)
            if admit:
                connection.execute(_ADMIT)
            return applied
        except psycopg.Error as error:
            raise MigrationError(f"the database refuses: {_reason(error)}") from error
        finally:
            if not connection.closed:
                connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def read(directory: Path) -> Schema:
    """What is in a directory, in order. Raises MigrationError where numbers are missing or taken twice."""
    migrations = []
    for number, path in enumerate(sorted(directory.glob("*.sql")), start=1):
        prefix = path.stem.split("_")[0]
        if not prefix.isdigit() or int(prefix) != number:
            raise MigrationError(f"{path.name}: expected a file numbered {number:04d}")
        migrations.append(Migration(path.stem, path.read_text(encoding="utf-8"), number))
    if not migrations:
        raise MigrationError(f"no migrations in {directory}")
    functions = [
        Function(path.stem, path.read_text(encoding="utf-8"))
        for path in sorted((directory / "functions").glob("*.sql"))
    ]
    return Schema(migrations, functions)


def _apply_missing(connection: "Connection[Any]", schema: Schema, timeouts: _Timeouts) -> list[str]:
    known = dict(connection.execute("SELECT number, checksum FROM schema_migrations").fetchall())
    missing = []
    for migration in schema.migrations:
        checksum = known.pop(migration.number, None)
        if checksum is None:
            missing.append(migration)
        elif checksum != migration.checksum:
            raise MigrationError(f"{migration.name}: the file changed after it was applied")
    # Newer code than this has applied the numbers that remain. It left a schema that we can run on, and its functions
    # go with that schema: ours, which are older, must not replace them.
    changed = [] if known else _changed(connection, schema.functions)
    for migration in missing[:-1]:
        _apply(connection, [migration], [], timeouts)
    if missing or changed:
        _apply(connection, missing[-1:], changed, timeouts)
    names = [migration.name for migration in missing]
    return [*names, f"functions ({len(changed)})"] if changed else names


def _changed(connection: "Connection[Any]", functions: list[Function]) -> list[Function]:
    known = dict(connection.execute("SELECT name, checksum FROM schema_functions").fetchall())
    return [function for function in functions if known.get(function.name) != function.checksum]


def _apply(
    connection: "Connection[Any]", migrations: list[Migration], functions: list[Function], timeouts: _Timeouts
) -> None:
    """Applies these files in one transaction."""
    with connection.transaction():
        connection.execute("SELECT set_config('lock_timeout', %s, true)", (f"{timeouts.lock}s",))
        connection.execute("SELECT set_config('statement_timeout', %s, true)", (f"{timeouts.statement}s",))
        for migration in migrations:
            _run(connection, migration)
            connection.execute(
                "INSERT INTO schema_migrations (number, name, checksum) VALUES (%s, %s, %s)",
                (migration.number, migration.name, migration.checksum),
            )
        _replace(connection, functions)


def _replace(connection: "Connection[Any]", functions: list[Function]) -> None:
    """Replaces functions. One that uses another that is new, too, comes after it, whatever their names."""
    import psycopg

    waiting = functions
    while waiting:
        postponed = []
        for function in waiting:
            try:
                with connection.transaction():
                    _run(connection, function)
                    connection.execute(_NOTE_FUNCTION, (function.name, function.checksum))
            except MigrationError as error:
                if not isinstance(error.__cause__, psycopg.errors.UndefinedFunction):
                    raise
                postponed.append((function, error))
        if len(postponed) == len(waiting):
            raise postponed[0][1]
        waiting = [function for function, _ in postponed]


def _run(connection: "Connection[Any]", file: _File) -> None:
    import psycopg

    try:
        connection.execute(file.text.encode())
    except psycopg.Error as error:
        raise MigrationError(f"{file.name}: {_reason(error)}") from error


def _reason(error: "psycopg.Error") -> str:
    return error.diag.message_primary or str(error)
