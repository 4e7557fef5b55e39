"""Socket.IO in a real browser: what its own client, unmodified, does in a page."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from chalicelib.core.config import settings
from chalicelib.realtime import gateway
from tests.browser.socketio_page import BrowserClient, page
from tests.browser.support import Pages
from tests.socketio.clients import Client
from tests.support.people import Person
from tests.support.server import Server


@pytest.fixture(scope="module")
def site(browser: Chrome) -> Iterator[Pages]:
    """The page; where there is no browser, the tests end before it is made."""
    assert browser
    pages = page()
    yield pages
    pages.close()


@pytest.fixture
def client(browser: Chrome, site: Pages, server: Server) -> Iterator[Client]:
    """The client, in a page that was just opened."""
    made = Client(BrowserClient(browser, site.url))
    yield made
    made.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)


def _auth(person: Person) -> dict[str, str]:
    return {"token": person.access_token}


def test_it_connects_by_auth_token(client: Client, server: Server, site: Pages, alice: Person) -> None:
    hello = client.log_in(server.origin, _auth(alice))
    assert (hello["userId"], hello["connectionId"]) == (alice.id, client.events("connect")[0]["sid"])
    assert site.asked[:2] == ["/", "/socket.io.min.js"]
    assert client.act("ping")["serverTime"].endswith("Z")


@pytest.mark.parametrize("token", ["", "forged", "a.b.c"])
def test_connect_error_carries_the_reason(client: Client, server: Server, token: str) -> None:
    reason = client.refusal(server.origin, {"token": token})
    assert reason["message"] == "Unauthorized"
    assert (reason["data"]["status"], reason["data"]["code"]) == (401, "unauthenticated")
    assert client.events("connect") == []


def test_emitting_is_answered_by_acks(client: Client, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    client.log_in(server.origin, _auth(alice))
    sent = client.act("message:send", {"chatId": chat, "content": "Привет! 👋", "clientMessageId": "b1"})
    assert (sent["seq"], sent["content"], sent["senderId"]) == (1, "Привет! 👋", alice.id)
    assert client.act("message:send", {"chatId": chat, "content": "Привет! 👋", "clientMessageId": "b1"}) == sent
    assert client.refused("message:send", {"chatId": 999_999, "content": "x"})["code"] == "not_found"
    assert [message["id"] for message in bob.history(chat)] == [sent["id"]]


def test_it_talks_with_native_clients(client: Client, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    native = bob.socket()
    client.log_in(server.origin, _auth(alice))
    theirs = native.act("message:send", {"chatId": chat, "content": "from a native client"})
    assert client.wait_for("message:new", id=theirs["id"])["content"] == "from a native client"
    client.emit("message:send", {"chatId": chat, "content": "from a page"})
    assert native.wait_for("message:new", seq=2)["data"]["content"] == "from a page"


def test_it_comes_back_when_the_server_drops_it(client: Client, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    dropped = client.log_in(server.origin, _auth(bob))["connectionId"]
    gateway.close_connection(settings().websocket_endpoint or "", dropped)
    client.wait_for("disconnect")
    client.wait_for("connect", times=2)
    assert client.wait_for("hello", times=2)["connectionId"] != dropped
    sent = alice.send(chat, "welcome back")
    assert client.wait_for("message:new", id=sent["id"])["content"] == "welcome back"
    assert client.act("message:send", {"chatId": chat, "content": "here again"})["seq"] == 2


def test_pages_of_other_origins_are_kept_out(client: Client, server: Server, site: Pages, alice: Person) -> None:
    with server.settings(origins=("https://app.example.com",)):
        assert client.refusal(server.origin, _auth(alice))["message"] == "websocket error"
    with server.settings(origins=(site.url.rstrip("/"),)):
        client.wait_for("hello")
    assert client.act("ping")
