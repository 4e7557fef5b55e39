"""socket.io-client as pages have it: the bundle of its package, unmodified, in a page of another origin."""

import threading
import time
from collections.abc import Iterator
from typing import Any

from selenium.webdriver import Chrome

from tests.browser.support import Pages, need
from tests.socketio.clients import HERE, PACKAGES, SOCKET_ALONE, Data, ScriptClient, installed

_PAUSE_SECONDS = 0.03

_PAGE = """<!doctype html><title>client</title>
<script src="/socket.io.min.js"></script>
<script type="module">
import { commandsOf } from "/commands.mjs";
window.said = [];
window.commands = commandsOf(io, (message) => said.push(message));
</script>"""


def page(version: int = 4) -> Pages:
    """A page that has loaded the client of a major version."""
    need("npm")
    name = "socket.io.js" if version == 2 else "socket.io.min.js"
    bundle = installed() / "node_modules" / PACKAGES[version] / "dist" / name
    return Pages(_PAGE, {"/socket.io.min.js": bundle, "/commands.mjs": HERE / "commands.mjs"})


class BrowserClient(ScriptClient):
    """The client in a page that is opened anew. One at a time in a browser."""

    def __init__(self, browser: Chrome, url: str, options: Data = SOCKET_ALONE) -> None:
        super().__init__(options)
        self._browser = browser
        # A browser does one thing at a time.
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        browser.get(url)
        until = time.monotonic() + 20
        while not self._run("return window.commands !== undefined"):
            assert time.monotonic() < until, "the page has not loaded its scripts"
            time.sleep(_PAUSE_SECONDS)

    def stop(self) -> None:
        self._stopped.set()
        if self._reader is not None:
            self._reader.join()
        self._browser.get("about:blank")

    def _say(self, **command: Any) -> None:
        self._run("commands[arguments[0].do](arguments[0])", command)

    def _messages(self) -> Iterator[Data]:
        while not self._stopped.wait(_PAUSE_SECONDS):
            yield from self._run("return said.splice(0)")

    def _run(self, script: str, *arguments: Any) -> Any:
        with self._turn:
            return self._browser.execute_script(script, *arguments)
