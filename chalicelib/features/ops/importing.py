"""Rows of another messenger, stored where the database can be reached. What reads and cleans them is in moving/."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, LiteralString

import msgspec

from chalicelib.core import db

if TYPE_CHECKING:
    from psycopg import Connection

_BEGIN: LiteralString = "INSERT INTO imports (name) VALUES (%(name)s) ON CONFLICT (name) DO NOTHING"
# What a call is for, and the statement that does it with its rows, which are JSON. Every one of them may be repeated.
_STATEMENTS: dict[str, LiteralString] = {
    "users": "SELECT r.* FROM imports i, import_users(i.id, %(rows)s) r WHERE i.name = %(name)s",
    "chats": "SELECT r.* FROM imports i, import_chats(i.id, %(rows)s) r WHERE i.name = %(name)s",
    "messages": "SELECT r.* FROM imports i, import_messages(i.id, %(rows)s) r WHERE i.name = %(name)s",
    "marks": "SELECT r.* FROM imports i, import_marks(i.id, %(rows)s) r WHERE i.name = %(name)s",
    "known": """
        SELECT k.key FROM jsonb_array_elements_text(%(rows)s) asked (key)
        JOIN imports i ON i.name = %(name)s
        JOIN imported_messages k ON k.import_id = i.id AND k.key = asked.key
    """,
}
# Two that wait for each other's locks are told apart by ending one, which may try again.
_TRIES = 5


def run(database_url: str, *, name: str, kind: str, rows: Sequence[object]) -> dict[str, Any]:
    """Stores rows over a connection of their own; answers `{rows}`, or `{refused}` with PostgreSQL's reason."""
    import psycopg

    with db.connect(database_url) as connection:
        connection.execute("SET statement_timeout = '10min'")
        try:
            return {"rows": store(connection, name, kind, rows)}
        except psycopg.Error as error:
            return {"refused": error.diag.message_primary or str(error)}


def store(connection: "Connection[Any]", name: str, kind: str, rows: Sequence[object]) -> list[list[Any]]:
    """Stores rows of one kind for the import of this name, all or none; answers what the kind's function does."""
    import psycopg

    connection.execute(_BEGIN, {"name": name})
    values = {"name": name, "rows": msgspec.json.encode(rows).decode()}
    for tries in range(1, _TRIES + 1):
        try:
            return [list(row) for row in connection.execute(_STATEMENTS[kind], values)]
        except (psycopg.errors.DeadlockDetected, psycopg.errors.UniqueViolation):
            if tries == _TRIES:
                raise
    raise AssertionError("the last try returns or raises")
