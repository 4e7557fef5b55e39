"""The client library in a real browser: tabs share a session and what is stored, and files survive a reload."""

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.browser.support import Pages
from tests.sdk.cable import cable
from tests.support.people import PASSWORD, Person
from tests.support.server import Server
from web.pack import SDK

_PAGE = """<!doctype html><title>client</title>
<script type="module">
import * as sdk from "/index.js";
window.sdk = sdk;
</script>"""
_RUN = """
const [source, values, done] = arguments;
const AsyncFunction = (async () => undefined).constructor;
const work = new AsyncFunction("values", source);
work(values).then((value) => done([value ?? null, null]), (error) => done([null, error.stack]));
"""
_UNTIL = """
  const until = async (holds) => {
    for (let value; ; await new Promise((resolve) => setTimeout(resolve, 50))) if ((value = holds())) return value;
  };
"""
_REFRESH = """
  me.session.kept.refreshAt = 0;
  await new Promise((resolve) => setTimeout(resolve, values.at - Date.now()));
  window.asked = me.account.profile().then(() => me.session.kept.accessToken);
"""


@pytest.fixture(scope="module")
def site(browser: Chrome) -> Iterator[Pages]:
    """A page that has loaded the library, module by module."""
    assert browser
    scripts = {f"/{path.relative_to(SDK)}": path for path in SDK.rglob("*.js")}
    pages = Pages(_PAGE, scripts)
    yield pages
    pages.close()


@pytest.fixture
def tab(browser: Chrome, site: Pages) -> Iterator[Chrome]:
    """The page, just opened, with nothing stored."""
    browser.get(site.url)
    run(browser, "await until(() => window.sdk)")
    yield browser
    run(browser, "await window.me?.close(); indexedDB.deleteDatabase('messenger')")
    browser.get("about:blank")


def run(browser: Chrome, source: str, **values: Any) -> Any:
    """What the body of an async function returns in the current tab."""
    value, error = browser.execute_async_script(_RUN, _UNTIL + source, values)
    assert error is None, error
    return value


def _log_in(browser: Chrome, url: str, person: Person) -> None:
    source = (
        "window.me = await sdk.Messenger.login(values.url, {username: values.username, password: values.password})"
    )
    run(browser, source, url=url, username=person.username, password=PASSWORD)


def _resume(browser: Chrome, url: str) -> None:
    run(browser, "await until(() => window.sdk); window.me = await sdk.Messenger.resume(values.url)", url=url)


def test_two_tabs_share_the_session_and_stay_in_step(
    tab: Chrome, site: Pages, server: Server, alice: Person, bob: Person
) -> None:
    chat_id = alice.chat_with(bob)
    _log_in(tab, server.origin, alice)
    first = tab.current_window_handle
    tab.switch_to.new_window("tab")
    second = tab.current_window_handle
    tab.get(site.url)
    _resume(tab, server.origin)
    with server.recorded() as lines:
        soon = run(tab, "return Date.now() + 3000")
        for handle in (first, second):
            tab.switch_to.window(handle)
            tab.execute_script(f"const [values] = arguments; (async () => {{ {_REFRESH} }})()", {"at": soon})
        tokens = []
        for handle in (first, second):
            tab.switch_to.window(handle)
            tokens.append(run(tab, "await until(() => window.asked); return window.asked"))
        assert tokens[0] == tokens[1]
        assert len(lines.all("request", route="POST /auth/refresh")) == 1

    tab.switch_to.window(first)
    run(tab, "await me.chat(values.chat).send('from the first tab')", chat=chat_id)
    tab.switch_to.window(second)
    text = "return until(() => me.chat(values.chat)?.messages.map(({content}) => content)[0])"
    assert run(tab, text, chat=chat_id) == "from the first tab"
    run(tab, "me.on('ended', () => (window.ended = true))")
    tab.switch_to.window(first)
    run(tab, "await me.logout()")
    tab.switch_to.window(second)
    assert run(tab, "return until(() => window.ended)") is True
    assert run(tab, "return sdk.Messenger.resume(values.url)", url=server.origin) is None
    tab.close()
    tab.switch_to.window(first)


def test_what_is_written_without_a_network_survives_a_reload_with_its_file(
    tab: Chrome, site: Pages, server: Server, alice: Person, bob: Person
) -> None:
    chat_id = alice.chat_with(bob)
    alice.send(chat_id, "stays readable")
    with cable(server.stack.port) as line:
        _log_in(tab, line.origin, bob)
        run(tab, "await me.keeper.flush()")
        line.cut()
        run(
            tab,
            """
            const file = new File(["notes ".repeat(50000)], "notes.txt", {type: "text/plain"});
            me.chat(values.chat).send({content: "look", files: [file]}).catch(() => undefined);
            await until(() => me.chat(values.chat).pending.length);
            """,
            chat=chat_id,
        )
        tab.get(site.url)
        _resume(tab, line.origin)
        assert run(tab, "return me.chats[0].lastMessage.content") == "stays readable"
        assert run(tab, "return me.chats[0].pending.map(({body}) => body.content)") == ["look"]
        run(tab, "window.progress = []; me.chats[0].on('progress', ({sent}) => progress.push(sent))")
        line.mend()
        run(tab, "dispatchEvent(new Event('online'))")
        sent = run(tab, "return until(() => me.chats[0].messages.find(({content}) => content === 'look'))")
        assert [(one["filename"], one["size"]) for one in sent["attachments"]] == [("notes.txt", 300_000)]
        assert run(tab, "return progress.at(-1)") == 300_000
    assert [message["content"] for message in alice.history(chat_id)] == ["look", "stays readable"]
