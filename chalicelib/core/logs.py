"""Structured logs: JSON lines that carry the id of their request. Never message texts, tokens or passwords.

What is told of every request and push goes by `tell`; what is wrong, by `logger`, with its trace. Both write the same
shape, and only the second has to be imported: a container in which nothing goes wrong never loads it (ADR 10).
"""

import functools
import logging
import sys
from typing import TYPE_CHECKING, Literal

import msgspec

from chalicelib.core import clock, context
from chalicelib.core.config import LOG_LEVELS, settings

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


def tell(message: str, /, *, level: Literal["DEBUG", "INFO"] = "INFO", **fields: object) -> None:
    """Writes a line of what goes its usual way, where the settings' level lets it."""
    here = settings()
    if LOG_LEVELS.index(level) < LOG_LEVELS.index(here.log_level):
        return
    about = {"level": level, "message": message, "timestamp": clock.wire(clock.now()), "service": here.service}
    write_line(msgspec.json.encode(about | _correlation() | fields).decode())


def write_line(line: str) -> None:
    """Hands a line to CloudWatch."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


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
    """Gives a line of the logger what `tell` gives its lines."""
    for name, value in _correlation().items():
        record.__dict__.setdefault(name, value)
    return True


def _correlation() -> dict[str, str]:
    """The id and the trace of what is being handled; a line that is about another request names that itself."""
    try:
        current = context.current()
    except LookupError:
        return {}
    told = {"request_id": current.request_id}
    return told | {"trace": root_of(current.trace)} if current.trace else told


def root_of(trace: str) -> str:
    """The id of a trace in X-Ray's header: what is the same all the way."""
    return trace.partition("Root=")[2].partition(";")[0]
