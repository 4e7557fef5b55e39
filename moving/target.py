"""Where rows go: a database that can be reached from here."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Protocol, Self

import psycopg

from chalicelib.core import db
from chalicelib.features.ops import importing


class TargetError(Exception):
    """Rows cannot be stored; the words say why."""


class Target(Protocol):
    """Stores rows: one call, one transaction, which may be repeated."""

    def store(self, kind: str, rows: Sequence[object]) -> list[list[Any]]:
        """What migrations/functions/import_KIND.sql answers to the rows. Raises TargetError."""


class Database:
    """A target with a connection of its own."""

    def __init__(self, url: str, name: str) -> None:
        self._name = name
        try:
            self._connection = db.connect(url)
        except psycopg.OperationalError as error:
            raise TargetError(f"cannot connect to the database: {str(error).strip()}") from error
        # The database's own timeout is for requests.
        self._connection.execute("SET statement_timeout = '10min'")

    def store(self, kind: str, rows: Sequence[object]) -> list[list[Any]]:
        """See Target."""
        try:
            return importing.store(self._connection, self._name, kind, rows)
        except psycopg.Error as error:
            raise TargetError(f"the database refuses: {error.diag.message_primary or error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None
    ) -> None:
        self._connection.close()
