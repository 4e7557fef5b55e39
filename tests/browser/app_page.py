"""The web client in a browser, as a person uses it: by what is seen, and by keys."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By

from tests.browser.support import chromium
from tests.support.people import PASSWORD

_SECONDS = 30
_PAUSE_SECONDS = 0.03
# In every document, before anything of its own: what the page's policy refuses, and what nobody caught.
_WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", (e) => refused.push(`${e.violatedDirective}: ${e.blockedURI}`));
addEventListener("error", ({message}) => message && refused.push(message));
addEventListener("unhandledrejection", ({reason}) => refused.push(String(reason?.stack ?? reason)));
"""


class Client:
    """The client in a browser of its own."""

    def __init__(self, browser: Chrome, origin: str) -> None:
        self.browser = browser
        self._origin = origin

    def open(self, where: str = "") -> "Client":
        """Loads the page at an address of its own: `chat/12`."""
        self.browser.get("about:blank")
        self.browser.get(f"{self._origin}/#/{where}")
        return self

    def phone(self, width: int = 360, height: int = 800) -> "Client":
        """Becomes as large as a phone, with touch in place of a mouse."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 2, "mobile": True}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
        return self

    def go(self, where: str) -> None:
        """Goes elsewhere in the open page."""
        self.run("location.hash = `#/${arguments[0]}`", where)

    def log_in(self, username: str) -> "Client":
        """Signs in at a page that nobody has signed in at."""
        self.open()
        self.fill("username", username)
        self.fill("password", PASSWORD, Keys.ENTER)
        self.until("return document.querySelector('.sidebar') !== null")
        return self

    def run(self, script: str, *values: Any) -> Any:
        """What the body of a function returns in the page."""
        return self.browser.execute_script(script, *values)

    def until(self, script: str, *values: Any) -> Any:
        """Waits for something true, and answers it."""
        return until(lambda: self.run(script, *values), lambda: self.run("return document.body.innerText"))

    def fill(self, name: str, *keys: str) -> None:
        """Types into a field."""
        self.until("return document.getElementsByName(arguments[0]).length", name)
        self.browser.find_element(By.NAME, name).send_keys(*keys)

    def press(self, *keys: str) -> None:
        """Presses keys, wherever the focus is."""
        actions = ActionChains(self.browser)
        for key in keys:
            actions.send_keys(key)
        actions.perform()

    def chord(self, held: str, key: str) -> None:
        """Presses a key while another is held."""
        ActionChains(self.browser).key_down(held).send_keys(key).key_up(held).perform()

    def choose(self, words: str) -> None:
        """Presses the item of the open menu, or the button of the open dialog, that says this."""
        find = (
            "const found = [...document.querySelectorAll('.menu button, dialog button')].find("
            "one => one.textContent.trim() === arguments[0]); found?.click(); return found !== undefined"
        )
        self.until(find, words)

    def write(self, text: str) -> None:
        """Writes a message into the open chat, and sends it."""
        self.until("const box = document.querySelector('.composer textarea'); box?.focus(); return box !== null")
        self.press(text, Keys.ENTER)

    def texts(self) -> list[str]:
        """The texts of the messages that are seen, from top to bottom; those too that are not sent yet."""
        return list(
            self.run("return [...document.querySelectorAll('.history .message .text')].map(e => e.textContent)")
        )

    def until_texts(self, *wanted: str) -> None:
        """Waits until these are the messages of the open chat."""
        until(lambda: self.texts() == list(wanted), self.texts)

    def message_menu(self, text: str) -> None:
        """Opens the menu of the message that has this text."""
        find = (
            "const found = [...document.querySelectorAll('.history .message')].find("
            "one => one.querySelector('.text')?.textContent === arguments[0]);"
            "found?.querySelector('.act').click(); return found !== undefined"
        )
        self.until(find, text)

    def refused(self) -> list[str]:
        """What the policy of the page has refused, and errors that nobody caught."""
        return list(self.run("return window.refused"))


def until(read: Callable[[], Any], tell: Callable[[], Any]) -> Any:
    """Waits for something true; where it does not come, `tell` says what there is."""
    end = time.monotonic() + _SECONDS
    while not (value := read()):
        assert time.monotonic() < end, tell()
        time.sleep(_PAUSE_SECONDS)
    return value


@contextmanager
def client(origin: str, *flags: str) -> Iterator[Client]:
    """The client in a browser with an empty profile."""
    with chromium("--lang=en-US", *flags) as browser:
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        browser.set_script_timeout(_SECONDS)
        yield Client(browser, origin)
