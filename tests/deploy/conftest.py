"""What a database on RDS has beside the database."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tests.support.server import Server


@pytest.fixture
def roles(server: Server) -> Iterator[None]:
    """What RDS has beside its databases: a role that marks who logs in by token. Gone again after the test."""
    server.sql("CREATE ROLE rds_iam")
    yield
    for role in ("messenger_app", "rds_iam"):
        if server.sql("SELECT 1 FROM pg_roles WHERE rolname = %s", role):
            with psycopg.connect(server.database_url, autocommit=True) as connection:
                connection.execute(
                    sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(role=sql.Identifier(role))
                )
