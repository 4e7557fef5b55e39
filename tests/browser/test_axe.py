"""axe finds no barrier in the web client, the admin pages and the documentation, in both themes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from selenium.webdriver import Keys

from tests.browser.app_page import Client, client
from tests.browser.seed import World, world
from tests.support.packages import node, npm_installed
from tests.support.server import Server

HERE = Path(__file__).parent
THEMES = ("light", "dark")
SETTINGS = (
    "",
    "profile",
    "appearance",
    "notices",
    "privacy",
    "security",
    "contacts",
    "blocks",
    "sessions",
    "storage",
    "archive",
    "sanctions",
)
# What axe finds, in words, when nothing moves or fades any more. A menu lies over the page, outside its landmarks.
_AXE = """
const [done] = arguments;
const frame = () => new Promise(requestAnimationFrame);
frame().then(frame).then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
  .then(() => axe.run(document, {resultTypes: ["violations"], rules: {region: {enabled: false}}}))
  .then(({violations}) => done(violations.map(({id, help, nodes}) =>
    `${id}: ${help}: ${nodes.map(({html, any}) => `${html.slice(0, 99)}${JSON.stringify(any[0]?.data)}`).join(" | ")}`
  )), (error) => done([String(error)]));
"""
_CHAT = "return document.querySelector('.history:not([aria-busy]) .message .text')"
_CALM = {"name": "prefers-reduced-motion", "value": "reduce"}
_QUIET = "return !document.querySelector('[aria-busy]:not([aria-busy=false]), .skeleton')"


@pytest.fixture(scope="module")
def axe() -> str:
    node()
    return (npm_installed(HERE) / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def there(server: Server) -> World:
    return world(server.url)


@pytest.fixture
def page(server: Server, there: World) -> Iterator[Client]:
    with client(server.origin) as page:
        yield page


def _barriers(page: Client, axe: str, views: Mapping[str, Callable[[], None]]) -> dict[str, list[str]]:
    """What axe finds in each of the views, in both themes. A view is what opens it."""
    found = {}
    for theme in THEMES:
        features = [{"name": "prefers-color-scheme", "value": theme}, _CALM]
        page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        for name, show in views.items():
            show()
            page.until(_QUIET)
            if not page.run("return 'axe' in window"):
                page.run(axe)
            if barriers := page.browser.execute_async_script(_AXE):
                found[f"{name}, {theme}"] = barriers
    return found


def test_no_view_of_the_client_has_a_barrier(page: Client, there: World, axe: str) -> None:
    def view(where: str, until: str) -> Callable[[], None]:
        def show() -> None:
            page.go(where)
            page.until(until)

        return show

    def menu() -> None:
        view(f"chat/{there.group}", _CHAT)()
        page.message_menu("Perfect, that makes five of us")
        page.until("return document.querySelector('.menu button')")

    def forward() -> None:
        menu()
        page.choose("Forward")
        page.until("return document.querySelector('dialog')")

    def close() -> None:
        page.press(Keys.ESCAPE)
        page.until("return !document.querySelector('dialog')")

    entrance = "return document.getElementsByName('username').length"
    page.open()
    found = _barriers(page, axe, {"entrance": view("", entrance)})
    page.log_in(there.people[0].username)
    views = {
        "list": view("", "return document.querySelectorAll('.chat-row').length > 4"),
        "chat": view(f"chat/{there.group}", _CHAT),
        "info": view(f"chat/{there.group}/info", "return document.querySelectorAll('.info .row .avatar').length > 4"),
        "menu of a message": menu,
        "forwarding": forward,
        "forwarding closed": close,
    } | {
        f"settings {name}".strip(): view(f"settings/{name}", "return document.querySelector('.settings > *')")
        for name in SETTINGS
    }
    assert found | _barriers(page, axe, views) == {}


def test_no_admin_page_has_a_barrier(server: Server, page: Client, there: World, axe: str) -> None:
    boss, other = there.people[:2]
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", boss.id)
    report = {"subjectKind": "user", "subjectId": other.id, "reason": "spam"}
    there.people[2].http.post("/reports", json=report).raise_for_status()
    page.log_in(boss.username)
    pages = ("reports", "held", "words", "users", "audit")
    assert _barriers(page, axe, {name: _page(page, f"{server.origin}/admin#/{name}") for name in pages}) == {}


def test_no_page_of_the_documentation_has_a_barrier(server: Server, page: Client, axe: str) -> None:
    pages = ("", "protocol", "sdk")
    assert _barriers(page, axe, {name: _page(page, f"{server.origin}/docs/{name}") for name in pages}) == {}


def _page(page: Client, address: str) -> Callable[[], None]:
    def show() -> None:
        page.browser.get(address)
        page.until("return document.querySelector('main > *')")

    return show
