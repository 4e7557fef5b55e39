"""docs/parity.md leads from each row to tests that there are, and forgets none that has a messenger's name."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/parity.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (?!what \||---)(.+?) \| (.+) \|$", DOC, re.MULTILINE)
NAMED = {name for _, tests in ROWS for name in re.findall(r"`(tests/[\w/]+\.py::test_\w+)`", tests)}


def _tests_of(path: Path) -> set[str]:
    return set(re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_each_row_names_tests_that_there_are() -> None:
    assert len(ROWS) > 100
    assert [what for what, tests in ROWS if not re.fullmatch(r"`tests/[^`]+`(, `tests/[^`]+`)*", tests)] == []
    assert {
        name for name in NAMED if name.partition("::")[2] not in _tests_of(ROOT / name.partition("::")[0])
    } == set()


def test_each_test_of_parity_has_a_row() -> None:
    files = [*ROOT.glob("tests/*/test_parity_[a-e].py"), *ROOT.glob("tests/dialects/test_*.py")]
    assert len(files) > 15
    there = {f"{path.relative_to(ROOT)}::{name}" for path in files for name in _tests_of(path)}
    assert there - NAMED == set()
