"""Clients of other messengers, as they make their calls: by a base URL that has their dialect's name."""

from collections.abc import Callable

import pytest

from tests.support import web
from tests.support.reference import Client
from tests.support.server import Server

At = Callable[[str], Client]


@pytest.fixture
def at(server: Server) -> At:
    """A client without a token, whose base URL ends in a dialect's name."""

    def make(dialect: str) -> Client:
        # Nothing stays open that a test would have to close.
        return Client(web.client(f"{server.origin}/{dialect}", {"Connection": "close"}))

    return make
