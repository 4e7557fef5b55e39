"""Figures as text tables."""

import math
from collections.abc import Sequence


def show(heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a table: names on the left, figures on the right."""
    lines = [["", *columns], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    print(f"\n{heading}")
    for line in lines:
        figures = (cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))
        print("  ".join([line[0].ljust(widths[0]), *figures]).rstrip())


def times(value: float, base: float) -> str:
    """How many times `base` a value is."""
    return f"{value / base:.2f}x" if base > 0 else "-"


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
