"""The table of figures: what is met and missed, and that the commands leave the repository as it is."""

import subprocess
import sys

import pytest

from bench import figures
from bench.figures import Figure


@pytest.mark.parametrize(
    ("figure", "ours", "base", "shown"),
    [
        (Figure("a", bound=5), 10.0, 2.0, ["5.0x", "≤ 5.0x", "met"]),
        (Figure("a", bound=5), 10.2, 2.0, ["5.1x", "≤ 5.0x", "MISSED"]),
        (Figure("a", bound=1 / 6, more_is_better=True), 500.0, 3000.0, ["1/6.0", "≥ 1/6.0", "met"]),
        (Figure("a", bound=1 / 6, more_is_better=True), 300.0, 3000.0, ["1/10.0", "≥ 1/6.0", "MISSED"]),
        (Figure("a"), 10.0, 2.0, ["5.0x", "", ""]),
        (Figure("a"), 10.0, None, ["-", "", ""]),
        (Figure("a", bound=2), float("nan"), 1.0, ["-", "≤ 2.0x", "MISSED"]),
    ],
)
def test_a_ratio_is_held_to_its_bound(figure: Figure, ours: float, base: float | None, shown: list[str]) -> None:
    assert figures.row(figure, ours, base)[3:] == shown


def test_a_part_that_does_not_exist_is_refused() -> None:
    command = [sys.executable, "-m", "bench", "figure"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "figures" in ended.stderr
