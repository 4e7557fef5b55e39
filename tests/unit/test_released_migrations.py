"""What was released is frozen: a database somewhere has applied it, and refuses a file that changed since."""

import itertools
import json
import re
import tomllib
from pathlib import Path

import pytest

from chalicelib.core.migrations import read
from chalicelib.features.ops.openapi import API_VERSION

RELEASED: dict[str, dict[str, str]] = json.loads(Path("migrations/released.json").read_text(encoding="utf-8"))
DIRECTORY = read(Path("migrations"))
MIGRATIONS = {migration.name: migration.checksum for migration in DIRECTORY.migrations}
_CREATED_OR_DROPPED = r"^(CREATE|DROP)(?: OR REPLACE)? FUNCTION (?:IF EXISTS )?(\w+)"


@pytest.mark.parametrize("version", RELEASED)
def test_released_migrations_are_as_they_were(version: str) -> None:
    now = {name: MIGRATIONS.get(name) for name in RELEASED[version]}
    assert now == RELEASED[version], "write a new migration in place of a change to a released one"


def test_each_release_keeps_the_migrations_of_the_one_before() -> None:
    releases = list(RELEASED.values())
    for before, after in itertools.pairwise(releases):
        assert before.items() <= after.items()


def test_each_function_that_a_migration_creates_has_a_file() -> None:
    """`tests/api/test_migrations.py` asks a database the same, and more."""
    created: set[str] = set()
    for migration in DIRECTORY.migrations:
        for verb, name in re.findall(_CREATED_OR_DROPPED, migration.text, re.MULTILINE):
            created = created - {name} if verb == "DROP" else created | {name}
    assert created - {function.name for function in DIRECTORY.functions} == set(), "write NAME.sql"


def test_each_version_of_the_changelog_has_its_checksums() -> None:
    versions = re.findall(r"^## (\d+\.\d+\.\d+)", Path("CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(versions) <= RELEASED.keys(), "`python -m local.released VERSION` writes them"


def test_the_documents_tell_the_version_of_the_project() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == API_VERSION
