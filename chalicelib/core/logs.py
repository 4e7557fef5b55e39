"""Structured logs: one JSON line a request, frame or queue message. Never message texts, tokens or passwords."""

import functools
import logging

from aws_lambda_powertools import Logger

from chalicelib.core.config import settings


@functools.cache
def logger() -> Logger:
    """The process's logger."""
    # Its warnings name the database's host and user, and say nothing that our own errors do not.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    return Logger(service="messenger", level=settings().log_level, location=None)
