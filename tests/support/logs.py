"""What the functions write while a test runs: their log lines, and the metrics between them."""

import contextlib
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import msgspec

from chalicelib.core import config, logs
from chalicelib.core.logs import logger

Line = dict[str, Any]


@dataclass
class Lines:
    """The log lines since `recorded`, as CloudWatch would keep them."""

    stream: io.StringIO = field(default_factory=io.StringIO)

    @property
    def text(self) -> str:
        """All of them."""
        return self.stream.getvalue()

    def all(self, message: str | None = None, **fields: Any) -> list[Line]:
        """Those with this message and these fields, in order."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if message in {None, line["message"]} and fields.items() <= line.items()]

    def the(self, message: str, **fields: Any) -> Line:
        """The only such line."""
        (line,) = self.all(message, **fields)
        return line


@contextlib.contextmanager
def recorded(level: str = "INFO") -> Iterator[Lines]:
    """Records what is logged from this level up, in the very form in which it is written."""
    lines = Lines()
    ours = logger()
    handler = logging.StreamHandler(lines.stream)
    handler.setFormatter(ours.registered_formatter)
    before, here = ours.log_level, config.settings()
    config.use(msgspec.structs.replace(here, log_level=level))
    ours._logger.addHandler(handler)
    ours.setLevel(level)
    try:
        with mock.patch.object(logs, "write_line", lambda line: lines.stream.write(f"{line}\n")):
            yield lines
    finally:
        config.use(here)
        ours.setLevel(before)
        ours._logger.removeHandler(handler)


def metrics_of(output: str) -> list[Line]:
    """The metric lines in what was written to stdout."""
    return [json.loads(line) for line in output.splitlines() if line.startswith('{"_aws"')]
