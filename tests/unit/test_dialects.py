"""The dialects' tables name what there is, and every path of theirs reaches a function."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import app
from chalicelib.core.config import DIALECTS
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.blueprints import BESIDE, endpoints
from chalicelib.entry.dialects import load
from chalicelib.entry.dialects.rest import GREEDY
from local.routes import RouteTable

ROOT = Path(__file__).parents[2]
EACH = pytest.mark.parametrize("name", DIALECTS)


@EACH
def test_the_tables_name_what_there_is(name: str) -> None:
    dialect = load(name)
    known = {endpoint.name: endpoint for endpoint in endpoints()}
    assert {route.to for route in dialect.routes.values()} <= known.keys()
    assert {action.to for action in dialect.actions.values()} <= ACTIONS.keys()
    answers = {endpoint.answer for endpoint in known.values()} | {action.answer for action in ACTIONS.values()}
    assert dialect.answers.keys() <= answers


@EACH
def test_a_path_of_ours_has_the_methods_of_its_dialect(name: str) -> None:
    """API Gateway looks no further once it has found a path: a greedy one is not asked about a method."""
    table = RouteTable({path: methods for path, methods in app.routes.items() if not path.endswith(GREEDY)})
    missing = []
    for pattern in load(name).routes:
        method, _, path = pattern.partition(" ")
        match = table.match([part.strip("{}") for part in path.strip("/").split("/")])
        if match is not None and method not in {*match.methods, *BESIDE.get(match.resource, ())}:
            missing.append(f"{pattern}, which is a {match.resource}")
    assert missing == []


def _greedy(**variables: str) -> set[str]:
    """The greedy paths of an app that is loaded with these settings."""
    script = "import json, app; print(json.dumps([path for path in app.app.routes if path.endswith('+}')]))"
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(loaded.stdout))


def test_where_a_dialect_is_spoken_without_a_name_every_path_reaches_it() -> None:
    named = {f"/{name}/{GREEDY}" for name in (*DIALECTS, "files")}
    assert _greedy() == named
    assert _greedy(DIALECT="skype") == named | {f"/{GREEDY}"}
    assert _greedy(DIALECT_HOSTS="chat.example.com=gateway") == named | {f"/{GREEDY}"}
