"""Sources of both dialects."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.sources import CONVERSATIONS, FLUTTER
from tests.moving.rig import Moving, numbers
from tests.support.server import Server


@pytest.fixture
def moving(server: Server, tmp_path: Path) -> Iterator[Moving]:
    """A source that has nothing yet, not even tables."""
    assert server.stack.postgres is not None
    name = f"source_{next(numbers)}"
    rig = Moving(server, server.stack.postgres, server.stack.postgres.ensure(name), tmp_path)
    yield rig
    for person in rig.people:
        person.close()
    server.stack.postgres.drop(name)


@pytest.fixture
def conversations(moving: Moving) -> Moving:
    """A source with the empty tables of `conversations`."""
    moving.sql(CONVERSATIONS)
    return moving


@pytest.fixture
def flutter(moving: Moving) -> Moving:
    """A source with the empty tables of `flutter`."""
    moving.sql(FLUTTER)
    moving.dialect = "flutter"
    return moving
