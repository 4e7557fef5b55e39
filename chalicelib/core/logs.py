"""Structured logs: one JSON line a request, frame or queue message. Never message texts, tokens or passwords."""

import functools
import logging
from typing import TYPE_CHECKING

from chalicelib.core.config import settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@functools.cache
def logger() -> "Logger":
    """The process's logger."""
    from aws_lambda_powertools import Logger

    # Its warnings name the database's host and user, and say nothing that our own errors do not.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    return Logger(service="messenger", level=settings().log_level, location=None)
