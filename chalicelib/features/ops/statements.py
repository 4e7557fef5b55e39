"""An operator's statement, run where the database can be reached: what runbooks of docs/operations.md ask of it."""

from collections.abc import Sequence
from typing import Any

from chalicelib.core import db

# An answer of Lambda has six megabytes at most.
MOST_ROWS = 200


def run(
    database_url: str, statement: str, *, write: bool, values: Sequence[str | None] | None = None
) -> dict[str, Any]:
    """Runs it with `values` where there is a `%s`, if there are any.

    Answers `{columns, rows, count}`, values as text and at most 200 rows; or `{refused}` with PostgreSQL's reason.

    Without `write` the database refuses whatever would change it: a safeguard against slips, not against intent.
    """
    import psycopg

    with db.connect(database_url) as connection:
        connection.execute("SET statement_timeout = '10min'")
        if not write:
            connection.execute("SET default_transaction_read_only = on")
        try:
            cursor = connection.execute(statement.encode(), values)
            rows = cursor.fetchmany(MOST_ROWS) if cursor.description else []
        except psycopg.Error as error:
            return {"refused": error.diag.message_primary or str(error)}
        return {
            "columns": [column.name for column in cursor.description or ()],
            "rows": [[None if value is None else str(value) for value in row] for row in rows],
            "count": cursor.rowcount,
        }
