"""Which database a command of `make` means: that of `DATABASE_URL`, or else the one that `make run` has started."""

import os
from pathlib import Path

from chalicelib.core.config import settings
from local import dotenv
from local.postgres import Postgres
from local.stack import DATABASE


class NoDatabaseError(Exception):
    """There is none; the words say what to do."""


def url() -> str:
    """The URL of that database. Raises NoDatabaseError, and PostgresError where this machine has no PostgreSQL."""
    dotenv.load()
    if settings().database_url:
        return settings().database_url
    running = Postgres(Path(os.environ.get("DATA_DIR") or ".local") / "postgres").running()
    if running is None:
        raise NoDatabaseError("`make run` is not running, and DATABASE_URL is not set.")
    return running.url(DATABASE)
