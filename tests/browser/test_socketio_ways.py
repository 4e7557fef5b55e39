"""Socket.IO 2, 3 and 4 in a real browser, in a page of another origin, with default options and by polling alone."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome

from local.processes import wait_until
from tests.browser.socketio_page import BrowserClient, page
from tests.browser.support import Pages
from tests.socketio.clients import OPTIONS, Client
from tests.support.people import Person
from tests.support.server import Server


@pytest.fixture(scope="module", params=[2, 3, 4], ids=lambda version: f"Socket.IO {version}")
def site(request: pytest.FixtureRequest, browser: Chrome) -> Iterator[Pages]:
    """The page of a version; where there is no browser, the tests end before it is made."""
    assert browser
    pages = page(request.param)
    yield pages
    pages.close()


@pytest.mark.parametrize("way", OPTIONS)
def test_it_talks(way: str, browser: Chrome, site: Pages, server: Server, alice: Person, bob: Person) -> None:
    chat = alice.chat_with(bob)
    client = Client(BrowserClient(browser, site.url, OPTIONS[way]))
    assert client.log_in(f"{server.origin}?token={alice.access_token}")["userId"] == alice.id
    sent = client.act("message:send", {"chatId": chat, "content": "Привет! 👋"})
    assert [message["id"] for message in bob.history(chat)] == [sent["id"]]
    theirs = bob.send(chat, "и тебе 👋🏽")
    assert client.wait_for("message:new", id=theirs["id"])["content"] == "и тебе 👋🏽"
    assert bool(server.stack.sockets.connections) == (way != "polling")
    # The page lives on in the browser's cache, sockets included.
    client.disconnect()
    assert wait_until(lambda: not server.stack.sockets.connections, seconds=10)
    client.stop()
    # Every connection is looked at again after 30 s, which no test waits for.
    server.stack.reset(database_url=server.database_url)
