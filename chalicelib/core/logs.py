"""The logger, for what is wrong. It writes JSON lines that carry the id of their request.

What goes its usual way is in the one line of the context, which needs no import: a container in which nothing goes
wrong never loads the logger (ADR 10). Never message texts, tokens or passwords.
"""

import functools
import logging
from typing import TYPE_CHECKING

from chalicelib.core import context
from chalicelib.core.config import settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@functools.cache
def logger() -> "Logger":
    """The process's logger, for what is wrong."""
    from aws_lambda_powertools import Logger

    # Its warnings name the database's host and user, and say nothing that our own errors do not.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    made = Logger(
        service=settings().service,
        level=settings().log_level,
        location=None,
        datefmt="%Y-%m-%dT%H:%M:%S.%FZ",
        utc=True,
    )
    made.addFilter(_correlate)
    return made


def _correlate(record: logging.LogRecord) -> bool:
    """Gives a line of the logger what the context's line has; one that is about another request names that itself."""
    try:
        correlation = context.current().correlation
    except LookupError:
        return True
    for name, value in correlation.items():
        record.__dict__.setdefault(name, value)
    return True
