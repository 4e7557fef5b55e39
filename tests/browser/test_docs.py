"""The documentation in a browser, on a phone and a desk, under the page's strict policy."""

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.browser.app_page import Client, client
from tests.support.people import PASSWORD
from tests.support.server import Server

PAGES = ("", "protocol", "rest", "rest-messages", "socket-events", "rest-schemas", "changelog")


@pytest.mark.parametrize(("width", "theme"), [(360, "light"), (1440, "dark")])
def test_it_is_read_searched_and_tried(server: Server, width: int, theme: str) -> None:
    with client(server.origin) as page:
        browser = page.browser
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        for name in PAGES:
            browser.get(f"{server.origin}/docs/{name}")
            assert page.run("return document.documentElement.scrollWidth") <= width, name
            assert page.run("return refused") == []

        browser.get(f"{server.origin}/docs/")
        search = browser.find_element(By.ID, "search")
        search.send_keys("resync required")
        page.until("return document.querySelector('#found a') !== null")
        search.send_keys(Keys.ENTER)
        page.until("return location.pathname === '/docs/protocol.html' && location.hash === '#sync'")

        browser.get(f"{server.origin}/docs/rest-accounts")
        page.run("document.querySelector('details.login').open = true")
        browser.find_element(By.CSS_SELECTOR, "#login [name=username]").send_keys("maria")
        browser.find_element(By.CSS_SELECTOR, "#login [name=password]").send_keys(PASSWORD)
        browser.find_element(By.CSS_SELECTOR, "#login [value='/auth/register']").click()
        page.until("return document.querySelector('#login output').innerText.includes('maria')")
        browser.get(f"{server.origin}/docs/rest-chats")
        group = '{"type": "group", "participantIds": [], "name": "By hand"}'
        assert _sent(page, "createChat", {"body": group}).startswith("201 POST")
        assert "By hand" in _sent(page, "listChats", {"limit": "1"})
        assert _sent(page, "getChat", {"chat_id": "no"}).startswith("400 GET /api/chats/no")
        assert page.run("return refused") == []


def _sent(page: Client, operation: str, given: dict[str, str]) -> str:
    """What the form of a request shows once it was sent with these values."""
    form = page.browser.find_element(By.CSS_SELECTOR, f"#{operation} form")
    page.run("arguments[0].parentElement.open = true", form)
    for name, value in given.items():
        field = form.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)
    form.find_element(By.TAG_NAME, "button").click()
    shown = form.find_element(By.TAG_NAME, "output")
    page.until("return arguments[0].innerText", shown)
    return shown.text
