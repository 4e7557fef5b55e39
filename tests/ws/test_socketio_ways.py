"""Unmodified clients of Socket.IO 2, 3 and 4 at the default path, in every way that their options know."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from local.faults import Fault
from tests.socketio.clients import OPTIONS, PACKAGES, Client, NodeClient, PythonClient, Transport
from tests.support.people import Person
from tests.support.server import Server

LIBRARIES: dict[str, Callable[..., Transport]] = {
    **{f"socket.io-client {version}": partial(NodeClient, version=version) for version in PACKAGES},
    "python-socketio": PythonClient,
}
WAYS: dict[str, Callable[[], Transport]] = {
    f"{library} {way}": partial(make, options)
    for way, options in OPTIONS.items()
    for library, make in LIBRARIES.items()
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


def test_nothing_is_lost_or_doubled_while_it_connects(
    client: Callable[[], Client], server: Server, alice: Person, bob: Person
) -> None:
    """Messages are published before, during and after an upgrade; from the first one that is heard, all are, once."""
    chat = alice.chat_with(bob)
    sent: list[int] = []
    enough = threading.Event()

    def publish() -> None:
        while not enough.is_set():
            sent.append(alice.send(chat, "on and on")["id"])

    talking = threading.Thread(target=publish)
    talking.start()
    ears = client()
    try:
        ears.log_in(_address(server, bob))
        ears.wait_for("message:new", times=20)
        time.sleep(1)
    finally:
        enough.set()
        talking.join()
    last = alice.send(chat, "the last one")["id"]
    ears.wait_for("message:new", id=last)
    heard = [event["id"] for event in ears.events("message:new")]
    assert sorted(heard) == [*sent, last][-len(heard) :]


@pytest.mark.parametrize("way", [way for way in WAYS if "socket.io-client 2" not in way])
def test_the_line_of_their_readmes_works(way: str, server: Server, alice: Person) -> None:
    client = Client(WAYS[way]())
    assert client.log_in(server.origin, {"token": f"Bearer {alice.access_token}"})["userId"] == alice.id
    client.act("ping")
    until = time.monotonic() + 20
    while len(server.stack.sockets.connections) != ("polling" not in way):
        assert time.monotonic() < until, "a default connection has changed to a WebSocket, one that polls never does"
        time.sleep(0.05)
    client.act("ping")
    client.disconnect()
    client.stop()
    server.stack.reset(database_url=server.database_url)


@pytest.mark.parametrize("way", [way for way in WAYS if "polling" in way])
def test_a_poll_that_is_killed_on_its_way_costs_a_reconnect(
    way: str, server: Server, alice: Person, bob: Person
) -> None:
    chat = alice.chat_with(bob)
    client = Client(WAYS[way]())
    cursor = client.log_in(_address(server, bob))["syncCursor"]
    server.faults.arm(Fault.KILL_AFTER, of="polling")
    sent: list[int] = []
    until = time.monotonic() + 20
    while not client.events("disconnect"):
        assert time.monotonic() < until, "the poll that is killed ends the session"
        sent.append(alice.send(chat, "one of them is taken, and then gone")["id"])
        time.sleep(0.3)
    client.wait_for("hello", times=2)
    events = client.act("sync", {"cursor": cursor})["events"]
    assert [event["data"]["id"] for event in events if event["type"] == "message:new"] == sent
    another = alice.send(chat, "on the new session")
    client.wait_for("message:new", id=another["id"])
    client.stop()
    server.stack.reset(database_url=server.database_url)
