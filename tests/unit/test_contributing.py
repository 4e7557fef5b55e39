"""The guides for developers name files, tests, commands and helpers that exist, and so does `make check`."""

import re
from pathlib import Path

import pytest

from tests.support.server import Server

ROOT = Path(__file__).parents[2]
GUIDES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/contributing.md")}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
EACH = pytest.mark.parametrize("name", GUIDES)

_ROOMS = "chalicelib|migrations|infra|local|moving|tests|bench|docs"
_PATH = re.compile(rf"(?<![\w./])(?:app\.py|CHANGELOG\.md|(?:{_ROOMS})/[\w./-]*)(?:::\w+)?")
# Words that stand for a name of one's own; polls are the example of a feature that does not exist yet.
_PLACEHOLDER = re.compile(r"NNNN|NAME|VERB|FUNCTION|poll")


def _is_there(place: str) -> bool:
    """Whether a file exists, and has the test that is named after `::`, if any."""
    name, _, test = place.partition("::")
    path = ROOT / name
    return path.exists() and (not test or f"\ndef {test}(" in path.read_text(encoding="utf-8"))


def _checks() -> list[str]:
    """What `make check` runs."""
    listed = re.search(r"^CHECKS := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert listed is not None
    return listed[1].replace("\\\n", " ").split()


@EACH
def test_files_and_tests_are_there(name: str) -> None:
    named = {found.rstrip(".") for found in _PATH.findall(GUIDES[name]) if not _PLACEHOLDER.search(found)}
    assert len(named) > 5
    assert sorted(place for place in named if not _is_there(place)) == []


@EACH
def test_links_lead_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]*)?\)", GUIDES[name])
    assert len(links) > 3
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


@EACH
def test_commands_are_targets_of_make(name: str) -> None:
    commands = set(re.findall(r"(?:`|^)make ([a-z-]+)", GUIDES[name], re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert {"run", "check"} <= commands
    assert commands - targets == set()


def test_helpers_of_tests_are_the_servers() -> None:
    helpers = set(re.findall(r"(?<!/)\bserver\.(\w+)", GUIDES["docs/contributing.md"]))
    assert len(helpers) > 5
    assert helpers - set(dir(Server)) - {"stack"} == set()


def test_make_check_runs_tests_that_are_there() -> None:
    checks = _checks()
    assert len(checks) > 5
    assert [check for check in checks if not _is_there(check)] == []


def test_the_guide_names_what_make_check_runs() -> None:
    guide = GUIDES["docs/contributing.md"]
    assert [check for check in _checks() if f"`{check}`" not in guide] == []
