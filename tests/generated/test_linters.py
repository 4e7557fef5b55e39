"""Redocly and Spectral find nothing in the documents by their recommended rules."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document
from chalicelib.features.messages.emoji import Emoji
from local.documents import written
from tests.support.documents import nodes
from tests.support.packages import node, npm_installed

HERE = Path(__file__).parent
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}

EMOJI = ("👍", "👍🏽", "❤", "❤️", "👨‍👩‍👧‍👦", "🇨🇭", "1️⃣", "#⃣", "©", "🏴󠁧󠁢󠁥󠁮󠁧󠁿")
NO_EMOJI = ("", "a", "5", "Привет", "漢字", " ", "👍 👍", "👍\n")


@pytest.fixture(scope="module")
def programs() -> Path:
    """Where the linters are."""
    node()
    return npm_installed(HERE) / "node_modules" / ".bin"


def test_redocly_finds_nothing(programs: Path, tmp_path: Path) -> None:
    documents = list(written(tmp_path).values())
    command = (programs / "redocly", "lint", "--extends", "recommended", "--format", "json")
    reports = _several(_output(*command, *documents, folder=tmp_path))
    assert [report["totals"] for report in reports] == [{"errors": 0, "warnings": 0, "ignored": 0}] * 3, reports


@pytest.mark.parametrize(
    ("rules", "names"), [("openapi", ["openapi", "openapi-aliases"]), ("asyncapi", ["asyncapi"])]
)
def test_spectral_finds_nothing(programs: Path, tmp_path: Path, rules: str, names: list[str]) -> None:
    documents = written(tmp_path)
    command = (programs / "spectral", "lint", "--quiet", "--ruleset", HERE / f"spectral-{rules}.yaml")
    output = _output(*command, "--format", "json", *[documents[name] for name in names], folder=tmp_path)
    assert json.loads(output) == []


def test_every_pattern_is_one_of_javascript(tmp_path: Path) -> None:
    documents = (openapi_document(), aliases_document(), asyncapi_document())
    patterns = {schema["pattern"] for document in documents for schema in nodes(document) if _has_pattern(schema)}
    assert len(patterns) > 5
    lines = [{"pattern": pattern, "accepts": [], "refuses": []} for pattern in sorted(patterns)]
    [emoji] = [pattern for pattern in patterns if "u20e3" in pattern]
    lines.append({"pattern": emoji, "accepts": EMOJI, "refuses": NO_EMOJI})
    command = (node(), HERE / "patterns.mjs")
    assert _output(*command, folder=tmp_path, given="\n".join(map(json.dumps, lines))) == ""


def test_the_documented_pattern_of_an_emoji_takes_what_the_service_takes() -> None:
    [documented, *_] = [
        re.compile(schema["pattern"])
        for schema in nodes(openapi_document())
        if _has_pattern(schema) and "u20e3" in schema["pattern"]
    ]
    assert [emoji for emoji in EMOJI if not documented.search(emoji)] == []
    assert [text for text in NO_EMOJI if documented.search(text)] == []
    for emoji in EMOJI:
        msgspec.convert(emoji, Emoji)


def _several(text: str) -> list[dict[str, Any]]:
    """The JSON values that follow one another in a text."""
    values, rest = [], text.strip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        values.append(value)
        rest = rest[end:].strip()
    return values


def _has_pattern(schema: dict[str, Any]) -> bool:
    return isinstance(schema.get("pattern"), str)


def _output(*command: str | Path, folder: Path, given: str = "") -> str:
    environment = os.environ | QUIET
    done = subprocess.run(
        command, cwd=folder, env=environment, input=given, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
