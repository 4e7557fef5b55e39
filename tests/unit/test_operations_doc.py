"""The guide for operators names the very metrics, levels, settings, lines and alarms that there are."""

import re
from pathlib import Path

import msgspec
import pytest

from chalicelib.core.config import Settings
from chalicelib.core.metrics import CATALOGUE
from chalicelib.realtime import shedding, trail

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/operations.md").read_text()


def _rows(section: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its first two lines."""
    lines = GUIDE.split(f"# {section}\n", 1)[1].splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = lines[first + 2 :]
    end = next(number for number, line in enumerate(table) if not line.startswith("|"))
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table[:end]]


def test_metrics_are_those_of_the_code() -> None:
    assert {name.strip("`"): unit for name, unit, _ in _rows("What is measured")} == CATALOGUE


def test_levels_are_those_of_the_code() -> None:
    told = {
        kind: int(level)
        for level, dropped, *_ in _rows("Shedding load")
        for kind in re.findall(r"`([\w:]+)`", dropped)
    }
    assert told == shedding.LEVELS
    waits = [
        float(row[2].removesuffix(" s")) / Settings().shed_wait_seconds for row in _rows("Shedding load") if row[2]
    ]
    shares = [float(row[3].removesuffix(" %")) / 100 for row in _rows("Shedding load") if row[3]]
    assert (tuple(waits), tuple(shares)) == (shedding.WAITS, shedding.THROTTLED_SHARES)
    assert f"remembers it for {shedding.HOLD_SECONDS:.0f} seconds" in GUIDE


@pytest.mark.parametrize("row", _rows("Logs"), ids=lambda row: row[0].strip("`"))
def test_log_lines_are_written_so(row: list[str]) -> None:
    code = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    message, fields = row[0].strip("`"), re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", row[2]))
    assert f'"{message}"' in code
    outcomes = {"gone", "failed", "too_large"}  # as the posts' outcomes are called
    assert [
        field for field in fields if not re.search(rf'"{field}"|\b{field}=', code) and field not in outcomes
    ] == []
    assert f"up to {trail.MOST_NAMED} connections" in GUIDE


def test_variables_are_settings() -> None:
    known = {field.name.upper() for field in msgspec.structs.fields(Settings)}
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", GUIDE))
    assert named <= known
    assert {"SHED_LEVEL", "METRICS_NAMESPACE", "HEALTH_SECONDS"} <= named


def test_every_alarm_has_its_runbook() -> None:
    alarms = set(
        re.findall(r'(?:AlarmName|BudgetName): !Sub "\$\{Prefix\}-([\w-]+)"', (ROOT / "infra/stack.yaml").read_text())
    )
    runbook = GUIDE.split("\n## Runbook\n", 1)[1].split("\n## ", 1)[0]
    sections = {
        title: text.strip() for title, text in re.findall(r"^### ([\w-]+)\n(.*?)(?=^### |\Z)", runbook, re.M | re.S)
    }
    assert alarms - sections.keys() == set()
    assert [title for title, text in sections.items() if len(text) < 80] == []
