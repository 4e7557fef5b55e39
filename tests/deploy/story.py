"""What is kept of a stage that a test deploys several times."""

from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.deploy.account import Account, Checkout


@dataclass
class Story:
    """One stage's life, deployment by deployment, and what stood after each."""

    account: Account
    checkout: Checkout
    database_url: str
    said: dict[str, str] = field(default_factory=dict)
    ids: dict[str, dict[str, Any]] = field(default_factory=dict)
    code: dict[str, dict[str, str]] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)

    def note(self, chapter: str, said: str) -> None:
        """Keeps what stands now under a name."""
        before = sum(len(calls) for calls in self.calls.values())
        self.said[chapter] = said
        self.ids[chapter] = self.account.ids()
        self.code[chapter] = {name: item["CodeSha256"] for name, item in self.account.functions().items()}
        self.calls[chapter] = self.account.journal()[before:]

    def applied(self) -> list[str]:
        """The names of the migrations that the database has."""
        with psycopg.connect(self.database_url) as connection:
            return [row[0] for row in connection.execute("SELECT name FROM schema_migrations ORDER BY number")]
