"""The way of every line to CloudWatch: one JSON object on stdout."""

import sys
from collections.abc import Mapping

import msgspec


def write(line: Mapping[str, object]) -> None:
    """Hands a line to CloudWatch."""
    sys.stdout.write(f"{msgspec.json.encode(line).decode()}\n")
    sys.stdout.flush()
