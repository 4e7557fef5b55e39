"""The guide for clients names the very codes, actions and events that the code has."""

import json
import re
from pathlib import Path
from typing import get_args, get_type_hints

from chalicelib.core.config import Settings
from chalicelib.core.errors import catalogue
from chalicelib.entry.actions import ACTIONS
from chalicelib.realtime.events import CATALOGUE
from chalicelib.realtime.shapes import SystemAction
from tests.support.documents import whole_document

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/protocol.md").read_text()


def _rows(section: str) -> list[list[str]]:
    """The cells of the table under a heading, without its first two lines."""
    text = re.split(r"^#+ ", GUIDE.split(f"# {section}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_codes_are_those_of_the_code() -> None:
    told = {code.strip("`"): int(status) for code, status, _ in _rows("Errors")}
    ours = {problem.code: problem.status for problem in catalogue()}
    gateway = json.loads((ROOT / "infra/gateway_responses.json").read_text())["responses"].values()
    made_by_the_gateway = {entry["problem"]["code"]: entry["problem"]["status"] for entry in gateway}
    assert told == made_by_the_gateway | ours


def test_actions_are_those_of_the_code() -> None:
    assert {row[0].strip("`") for row in _rows("Actions")} == set(ACTIONS)


def test_events_are_those_of_the_code() -> None:
    assert {row[0].strip("`") for row in _rows("Events")} == set(CATALOGUE)


def test_actions_of_system_messages_are_those_of_the_code() -> None:
    told = re.findall(r"^  \| `(\w+)` \|", GUIDE, re.MULTILINE)
    assert told == list(get_args(get_type_hints(SystemAction)["action"]))


def test_rates_are_those_of_the_settings() -> None:
    defaults = Settings()
    numbers = [int(re.findall(r"\d+", row[1])[0]) for row in _rows("Rates")]
    assert numbers == [
        defaults.sends_http,
        defaults.sends_socket,
        defaults.edits,
        defaults.reactions,
        defaults.searches,
        defaults.logins,
        defaults.logins * 6,
        defaults.uploads_an_hour,
    ]


def test_every_path_is_named() -> None:
    assert [
        path for path in whole_document()["paths"] if not re.search(rf"{re.escape(path)}(?![/\w{{])", GUIDE)
    ] == []


def test_paths_are_served() -> None:
    served = whole_document()["paths"]
    named = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^ `?]*)", GUIDE)
    assert len(named) > 15
    assert [f"{method} {path}" for method, path in named if method.lower() not in served.get(path, {})] == []
