"""The plans of the features' statements, on a database that a test has filled."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench.data import Loader
from bench.plans import Mode, Plan, explain, statement_of, trial
from chalicelib.core.config import Settings
from chalicelib.core.migrations import migrate
from local.postgres import Postgres


@contextmanager
def own_database() -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A migrated database on a server of its own: its URL, and a connection that commits each statement."""
    with Postgres.temporary() as server:
        url = server.ensure("plans")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            yield url, connection


def filled(fill: Callable[[Loader, psycopg.Connection[Any]], None]) -> Iterator[str]:
    """What a fixture yields: the URL of such a database, filled."""
    with own_database() as (url, connection):
        fill(Loader(connection), connection)
        yield url


def plan_of(settings: Settings, mode: Mode, call: Callable[[], object]) -> Plan:
    """The plan of the statement that a call of a feature runs, with the values that it has there."""
    with trial(settings):
        statement = statement_of(call)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        return explain(connection, statement, mode)
