"""What tests of the client library share."""

from collections.abc import Callable, Iterator

import pytest

from tests.sdk.nodes import Node
from tests.support.people import PASSWORD, Person
from tests.support.server import Server

LogIn = Callable[..., Node]

_LOG_IN = """
  const storage = folder ? new FileStorage(folder) : new MemoryStorage();
  kept.heard = [];
  kept.me = await Messenger.login(url, {username, password}, {storage});
  kept.me.on("message", ({chat, message}) => kept.heard.push([chat.id, message.seq, message.content]));
  while (kept.me.connection !== "open") await kept.me.socket.next("state");
"""


@pytest.fixture
def nodes() -> Iterator[Callable[[], Node]]:
    """Starts processes of Node, which end with the test."""
    started: list[Node] = []

    def start() -> Node:
        started.append(Node())
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def log_in(server: Server, nodes: Callable[[], Node]) -> LogIn:
    """Logs somebody in, in a process of Node of their own; `kept.me` is the Messenger, connected."""

    def begin(person: Person, *, url: str = server.origin, folder: str | None = None) -> Node:
        process = nodes()
        process.run(_LOG_IN, url=url, username=person.username, password=PASSWORD, folder=folder)
        return process

    return begin
