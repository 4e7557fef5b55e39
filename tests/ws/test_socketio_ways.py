"""Unmodified clients of Socket.IO 2, 3 and 4 at the default path, in every way that their options know."""

from collections.abc import Callable, Iterator

import pytest

from tests.socketio.clients import Client, Data, NodeClient, PythonClient, Transport
from tests.support.people import Person
from tests.support.server import Server

SOCKET: Data = {"transports": ["websocket"]}

WAYS: dict[str, Callable[[], Transport]] = {
    **{f"node {version}, WebSocket": lambda v=version: NodeClient(SOCKET, v) for version in (2, 3, 4)},  # type: ignore[misc]  # mypy cannot infer lambdas with defaults
    "python, WebSocket": lambda: PythonClient(SOCKET),
}


@pytest.fixture(params=list(WAYS))
def client(request: pytest.FixtureRequest, server: Server) -> Iterator[Callable[[], Client]]:
    """Makes clients that go one way."""
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(WAYS[request.param]()))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


def _address(server: Server, person: Person) -> str:
    """Socket.IO 2 has no other place for a token than the address."""
    return f"{server.origin}?token={person.access_token}"


def test_two_talk(client: Callable[[], Client], server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    one, other = client(), client()
    hello = one.log_in(_address(server, alice))
    assert hello["userId"] == alice.id
    other.log_in(_address(server, bob))
    sent = one.act("message:send", {"chatId": chat, "content": "Привет! 👋"})
    assert other.wait_for("message:new", id=sent["id"])["content"] == "Привет! 👋"
    assert other.act("messages:read", {"chatId": chat, "seq": 1})["readSeq"] == 1
    assert one.wait_for("messages:read", userId=bob.id)["seq"] == 1
    assert one.refused("message:send", {"chatId": 999_999, "content": "x"})["code"] == "not_found"


def test_a_bad_token_is_refused_in_words(client: Callable[[], Client], server: Server) -> None:
    reason = client().refusal(f"{server.origin}?token=forged")
    assert reason["message"] == "Unauthorized"
    assert (reason["data"]["status"], reason["data"]["code"]) == (401, "unauthenticated")


def test_a_token_may_follow_the_word_bearer(client: Callable[[], Client], server: Server, alice: Person) -> None:
    assert client().log_in(f"{server.origin}?token=Bearer%20{alice.access_token}")["userId"] == alice.id
