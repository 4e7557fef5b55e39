"""Where the output of `make run` goes: the terminal gets what its user needs to know, a file gets the rest."""

import logging
import os
import sys
from pathlib import Path
from typing import TextIO


class Output:
    """Until `to_file` is called, everything goes to the terminal. `close` gives this process its output back."""

    def __init__(self) -> None:
        self._kept = (os.dup(1), os.dup(2))
        self.terminal: TextIO = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8", errors="replace")
        self.file: Path | None = None

    def to_file(self, path: Path) -> None:
        """What this process and its children write goes to a new file; the one before is kept as `PATH.1`."""
        if path.exists():
            path.replace(path.with_name(f"{path.name}.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._redirect(descriptor, descriptor)
        os.close(descriptor)
        self.file = path

    def close(self) -> None:
        """Errors that nobody caught are for the terminal again."""
        self._redirect(*self._kept)
        for descriptor in self._kept:
            os.close(descriptor)
        self.terminal.close()

    def _redirect(self, output: int, errors: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(output, 1)
        os.dup2(errors, 2)


def configure(level: str) -> None:
    """Has the local AWS and the web server say what is of this level or above."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for name in ("local", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(level)
        logger.propagate = False
