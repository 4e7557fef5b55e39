"""The database of `make run` on this machine, whether or not it runs, or the one that DATABASE_URL names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.core.migrations import migrate
from local.postgres import Postgres
from local.stack import DATABASE


@contextmanager
def database(data_dir: Path) -> Iterator[str]:
    """Its URL, with the schema up to date. Raises PostgresError and MigrationError."""
    url = os.environ.get("DATABASE_URL")
    if url:
        migrate(url)
        yield url
        return
    server = Postgres(data_dir / "postgres")
    running = server.running()
    if running is not None:
        url = running.ensure(DATABASE)
        migrate(url)
        yield url
        return
    with server:
        url = server.ensure(DATABASE)
        migrate(url)
        yield url
