"""Structured logs: JSON lines that carry the id of their request. Never message texts, tokens or passwords."""

import functools
import logging
from typing import TYPE_CHECKING

from chalicelib.core import context
from chalicelib.core.config import settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@functools.cache
def logger() -> "Logger":
    """The process's logger."""
    from aws_lambda_powertools import Logger

    # Its warnings name the database's host and user, and say nothing that our own errors do not.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    made = Logger(service=settings().service, level=settings().log_level, location=None)
    made.addFilter(_correlate)
    return made


def _correlate(record: logging.LogRecord) -> bool:
    """Gives a line the id and the trace of what is being handled, where it does not name others itself."""
    try:
        current = context.current()
    except LookupError:
        return True
    told = record.__dict__
    told.setdefault("request_id", current.request_id)
    if current.trace:
        told.setdefault("trace", root_of(current.trace))
    return True


def root_of(trace: str) -> str:
    """The id of a trace in X-Ray's header: what is the same all the way."""
    return trace.partition("Root=")[2].partition(";")[0]
