"""The tests that docs/security.md names exist, and it leaves none of the chapters out that it is to answer."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
_NAMED = re.compile(r"`(tests/[a-z0-9_/]+\.py)(?:::(test_[a-z0-9_]+))?`")


def test_what_it_names_is_there() -> None:
    named = _NAMED.findall(PAGE)
    missing = [
        (file, test)
        for file, test in named
        if not (ROOT / file).is_file() or (test and f"def {test}(" not in (ROOT / file).read_text(encoding="utf-8"))
    ]
    assert len(named) > 80
    assert missing == []


def test_each_answer_names_a_test() -> None:
    rows = [
        line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| asked", "| risk"))
    ]
    assert [row for row in rows if not _NAMED.search(row)] == []
    assert [f"API{number}" for number in range(1, 11) if f"| API{number} " not in PAGE] == []
    assert [f"V{number}" for number in (2, 3, 4, 7, 12) if f"## ASVS V{number}:" not in PAGE] == []
