"""Clients of other messengers: real ones, on connections that ask for their words."""

from collections.abc import Callable, Iterator

import pytest

from tests.socketio.clients import Client, PythonClient
from tests.support.people import Person
from tests.support.poll import Poll
from tests.support.server import Server
from tests.support.socket import Socket


@pytest.fixture
def stranger(server: Server) -> Iterator[Callable[[], Client]]:
    """Makes python-socketio clients that have not connected yet."""
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(PythonClient()))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


@pytest.fixture
def client(server: Server, stranger: Callable[[], Client]) -> Callable[..., Client]:
    """Connects a person's python-socketio, in a vocabulary or in our own words."""

    def connect(person: Person, vocabulary: str | None = None) -> Client:
        socket = stranger()
        words = {} if vocabulary is None else {"vocabulary": vocabulary}
        socket.log_in(server.origin, {"token": person.access_token, **words})
        return socket

    return connect


@pytest.fixture
def native() -> Iterator[Callable[..., Socket]]:
    """Connects a person's native client, in a vocabulary or in our own words."""
    made: list[Socket] = []

    def connect(person: Person, vocabulary: str | None = None) -> Socket:
        words = "" if vocabulary is None else f"&vocabulary={vocabulary}"
        made.append(Socket(f"{person.socket_url}?token={person.access_token}{words}"))
        made[-1].wait_for("hello")
        return made[-1]

    yield connect
    for one in made:
        one.close()


@pytest.fixture
def poll(server: Server) -> Iterator[Callable[..., Poll]]:
    """Opens sessions."""
    made: list[Poll] = []

    def make(*how: int, **more: dict[str, str]) -> Poll:
        made.append(Poll(server, *how, **more))  # type: ignore[arg-type]  # as the test says
        return made[-1]

    yield make
    for one in made:
        one.close()
    # Every session is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)
