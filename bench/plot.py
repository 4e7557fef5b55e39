"""Figures as a plot."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Line(NamedTuple):
    """One figure over the sizes."""

    name: str
    values: Sequence[float]


def draw(path: Path, sizes: Sequence[int], lines: Sequence[Line]) -> None:
    """Writes an SVG with a line each, both axes logarithmic. The same figures make the same file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text, and nothing in the file is random.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9})
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for number, line in enumerate(lines):
        axes.plot(sizes, line.values, marker="osD^v<>*"[number % 8], markersize=4, label=line.name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.minorticks_off()
    axes.set_xlabel("messages in the table")
    axes.set_ylabel("pages touched by one statement")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(path, metadata={"Date": None})
