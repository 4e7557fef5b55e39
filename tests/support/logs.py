"""What the functions write while a test runs: their log lines, and the metrics between them."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

from chalicelib.core import lines as core_lines
from chalicelib.core.logs import logger

Line = dict[str, Any]


@dataclass
class Lines:
    """The lines that were written since `recorded`, as CloudWatch would keep them."""

    written: Path
    since: int
    here: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        """All of them: those of the functions, and those of the product in this process."""
        with self.written.open("rb") as file:
            file.seek(self.since)
            return file.read().decode() + self.here.getvalue()

    @property
    def metrics(self) -> list[Line]:
        """The lines among them that carry metrics."""
        return metrics_of(self.text)

    @property
    def whole(self) -> list[Line]:
        """The log lines as they are."""
        return [json.loads(line) for line in self.text.splitlines() if line.startswith('{"level"')]

    def all(self, message: str | None = None, **fields: Any) -> list[Line]:
        """What was told with this message and these fields, in order: lines, and before each the steps in it."""
        told = []
        for line in self.whole:
            steps = line.pop("steps", [])
            told += [line | step | {"message": step["step"]} for step in steps] + [line]
        return [each for each in told if message in {None, each["message"]} and _is_within(fields, each)]

    def the(self, message: str, **fields: Any) -> Line:
        """The only such line."""
        (line,) = self.all(message, **fields)
        return line


@contextlib.contextmanager
def recorded(written: Path, level: str) -> Iterator[Lines]:
    """Records what is logged from this level up, in the very form in which it is written.

    `written` is the file that the functions write to.
    """
    lines = Lines(written, written.stat().st_size)
    ours = logger()
    handler = logging.StreamHandler(lines.here)
    handler.setFormatter(ours.registered_formatter)
    before = ours.log_level
    ours._logger.addHandler(handler)
    ours.setLevel(level)
    try:
        with mock.patch.object(
            core_lines, "write", lambda line: lines.here.write(f"{msgspec.json.encode(line).decode()}\n")
        ):
            yield lines
    finally:
        ours.setLevel(before)
        ours._logger.removeHandler(handler)


def metrics_of(output: str) -> list[Line]:
    """The lines with metrics in what was written to stdout."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [line for line in lines if "_aws" in line]


def _is_within(fields: Line, line: Line) -> bool:
    return all(line.get(name) == value for name, value in fields.items())
