"""Structured logs: one JSON line a request, frame or queue message. Never message texts, tokens or passwords."""

import functools

from aws_lambda_powertools import Logger

from chalicelib.core.config import settings


@functools.cache
def logger() -> Logger:
    """The process's logger."""
    return Logger(service="messenger", level=settings().log_level, location=None)
