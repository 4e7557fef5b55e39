"""Passkeys in the web client: Chromium's own code, with an authenticator that it makes up."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Keys

from tests.browser.app_page import Client, client
from tests.support.people import PASSWORD, Person
from tests.support.server import Server

_LOCALHOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
_LAPTOP = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
_PRESS = (
    "const found = [...document.querySelectorAll('button')].filter(e => e.offsetParent !== null).findLast("
    "e => (e.textContent.trim() || e.ariaLabel) === arguments[0]); found?.click(); return found !== undefined"
)
_NAMES = "return [...document.querySelectorAll('dialog .names b')].map(e => e.textContent).join()"


@pytest.fixture
def here(server: Server) -> Iterator[Client]:
    """The client at a host name, in a browser that has an authenticator."""
    with client(server.origin.replace("127.0.0.1", "localhost"), _LOCALHOST) as opened:
        opened.browser.execute_cdp_cmd("WebAuthn.enable", {})
        opened.browser.execute_cdp_cmd("WebAuthn.addVirtualAuthenticator", {"options": _LAPTOP})
        yield opened


def _press(page: Client, words: str) -> None:
    page.until(_PRESS, words)


def _look(page: Client) -> None:
    page.go("settings/security")
    _press(page, "Passkeys")


def _name_it(page: Client, name: str) -> None:
    page.until("return document.getElementsByName('name').length")
    page.run("const [box] = document.getElementsByName('name'); box.focus(); box.select()")
    page.press(name)


def test_a_passkey_is_added_renamed_used_and_removed(here: Client, alice: Person) -> None:
    here.log_in(alice.username)
    _look(here)
    _press(here, "Add a passkey")
    _name_it(here, "my laptop")
    here.fill("password", PASSWORD, Keys.ENTER)
    here.until(f"return (() => {{ {_NAMES} }})() === 'my laptop'")
    _press(here, "Rename passkey")
    _name_it(here, "old laptop")
    here.press(Keys.ENTER)
    here.until(f"return (() => {{ {_NAMES} }})() === 'old laptop'")
    _press(here, "Add a passkey")
    _name_it(here, "another")
    here.fill("password", PASSWORD, Keys.ENTER)
    here.until("return document.body.innerText.includes('on this device already')")
    here.press(Keys.ESCAPE)
    here.press(Keys.ESCAPE)

    here.go("settings")
    _press(here, "Sign out")
    here.choose("Sign out")
    _press(here, "Sign in with a passkey")
    here.until("return document.querySelector('.sidebar') !== null")
    _look(here)
    here.until("return document.querySelector('dialog .names small')?.textContent.startsWith('Last used')")
    _press(here, "Remove passkey")
    here.choose("Remove passkey")
    here.until(f"return (() => {{ {_NAMES} }})() === ''")
    assert alice.http.get("/auth/passkeys").json() == {"passkeys": []}
    assert here.refused() == []


def test_a_page_at_an_address_says_where_passkeys_are(server: Server) -> None:
    with client(server.origin) as page:
        page.open()
        _press(page, "Sign in with a passkey")
        link = page.until("return document.querySelector('dialog a')?.href")
        assert link == f"{server.origin.replace('127.0.0.1', 'localhost')}/"
