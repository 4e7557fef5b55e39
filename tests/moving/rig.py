"""A source beside the running service, and imports of it."""

import itertools
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import bcrypt
import httpx
import psycopg

from local.postgres import Databases
from moving.command import Open, Options, bring
from moving.target import Database, Target
from tests.support import people, web
from tests.support.people import Person
from tests.support.server import Server

PASSWORD = "an old password"
# As the libraries of three languages write it.
HASHES = {
    prefix: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", prefix)
    for prefix in ("$2a$", "$2b$", "$2y$")
}


class CutError(Exception):
    """Stands for a killed process."""


@dataclass
class Cutting:
    """A target that is gone after so many calls."""

    target: Target
    calls: int

    def store(self, kind: str, rows: Sequence[object]) -> list[list[Any]]:
        """See Target."""
        if self.calls == 0:
            raise CutError
        self.calls -= 1
        return self.target.store(kind, rows)


@dataclass
class Moving:
    """A database of another messenger, and the service that it moves to."""

    server: Server
    databases: Databases
    url: str
    folder: Path
    dialect: str = "conversations"
    people: list[Person] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What an import of this source is called where nobody says otherwise."""
        return f"{self.dialect}:{self.url.rpartition('/')[2]}"

    def connection(self) -> "psycopg.Connection[Any]":
        """To the source; the caller closes it."""
        return psycopg.connect(self.url, autocommit=True)

    def sql(self, statement: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """Runs a statement in the source."""
        with self.connection() as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def bring(self, **options: Any) -> list[list[str]]:
        """Imports, and answers what the report says of single rows: verdict, table, key, reason."""
        return self._bring(lambda name: Database(self.server.database_url, name), **options)

    def bring_to(self, target: Target, **options: Any) -> list[list[str]]:
        """The same to a target of the test's own."""
        return self._bring(lambda _: nullcontext(target), **options)

    def _bring(self, open_target: Open, **options: Any) -> list[list[str]]:
        asked = Options(**{"url": self.url, "dialect": self.dialect, "same": {}, "data_dir": self.folder, **options})
        bring(asked, open_target)
        return [line.split("\t") for line in (self.folder / "import.tsv").read_text().splitlines()]

    def log_in(self, name: str, password: str = PASSWORD) -> Person:
        """Who came over, with the old password, by username or email address."""
        answer = self.try_log_in(name, password)
        assert answer.status_code == 200, answer.text
        self.people.append(people.of_session(self.server.url, answer.json()))
        return self.people[-1]

    def try_log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """What a log-in answers."""
        with web.client(self.server.url) as client:
            return client.post("/auth/login", json={"username": name, "password": password})


numbers = itertools.count(1)
