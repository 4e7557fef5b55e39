"""A bar on the terminal; a line every few seconds where the output is no terminal."""

import sys
import time
from typing import TextIO

_WIDTH = 30
_SECONDS_ON_TERMINAL = 0.2
_SECONDS_ELSEWHERE = 10.0


class Progress:
    """How far the work on one table has come."""

    def __init__(self, name: str, total: int, output: TextIO = sys.stderr) -> None:
        self._name = name
        self._total = total
        self._output = output
        self._done = 0
        self._began = self._shown = time.monotonic()
        self._on_terminal = output.isatty()

    def advance(self, rows: int) -> None:
        """So many more rows are done."""
        self._done += rows
        pause = _SECONDS_ON_TERMINAL if self._on_terminal else _SECONDS_ELSEWHERE
        if time.monotonic() - self._shown >= pause:
            self._shown = time.monotonic()
            self._show(end="")

    def finish(self) -> None:
        """Shows the last state, and leaves it there."""
        self._show(end="\n")

    def _show(self, *, end: str) -> None:
        seconds = max(time.monotonic() - self._began, 0.001)
        rate = self._done / seconds
        share = min(1.0, self._done / self._total) if self._total else 1.0
        filled = int(share * _WIDTH)
        left = f", {_clock((self._total - self._done) / rate)} left" if rate and not end else f", {_clock(seconds)}"
        line = (
            f"{self._name:9} [{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%} "
            f"{self._done:,} of {self._total:,}, {rate:,.0f}/s{left}"
        )
        if self._on_terminal:
            self._output.write(f"\r\033[K{line}{end}")
        else:
            self._output.write(f"{line}\n")
        self._output.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    return f"{minutes}:{rest:02}"
