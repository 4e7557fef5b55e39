"""The plans of the features' statements, on a database that a test has filled."""

from collections.abc import Callable

import psycopg

from bench.plans import Mode, Plan, explain, statement_of, trial
from chalicelib.core.config import Settings


def plan_of(settings: Settings, mode: Mode, call: Callable[[], object]) -> Plan:
    """The plan of the statement that a call of a feature runs, with the values that it has there."""
    with trial(settings):
        statement = statement_of(call)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        return explain(connection, statement, mode)
