"""The web client: two people register and talk, one of them loses the network, and nothing written to them runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

from tests.browser import payloads
from tests.browser.app_page import Client, client, until
from tests.browser.seed import lake
from tests.sdk.cable import cable
from tests.support.letters import authenticator, letters_to, token_of
from tests.support.people import PASSWORD, Person
from tests.support.server import Server

_HISTORY = "document.querySelector('.history')"
_RAN = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "open", "eval"]) window[name] = () => ran.push(name);
"""
_SEQS = "return [...document.querySelectorAll('.history [data-seq]')].map(e => Number(e.dataset.seq))"


@pytest.fixture
def here(server: Server) -> Iterator[Client]:
    """The client in a browser of its own."""
    with client(server.origin) as opened:
        yield opened


@pytest.fixture
def there(server: Server) -> Iterator[Client]:
    """Another one."""
    with client(server.origin) as opened:
        yield opened


def test_two_people_register_and_talk(here: Client, there: Client, tmp_path: Path) -> None:
    _register(here, "maria", "Maria Fernández")
    _register(there, "ivan", "Иван")

    # By keys alone: find somebody, open the chat, write.
    here.chord(Keys.CONTROL, "k")
    here.press("ivan")
    here.until("return document.querySelector('.found .row') !== null")
    here.press(Keys.ARROW_DOWN, Keys.ENTER)
    here.write("Привет! How are you?")

    there.until("return document.querySelector('.chat-row .badge')?.textContent === '1'")
    there.until("return document.title.startsWith('(1)')")
    there.run("document.querySelector('.chat-row').click()")
    there.until_texts("Привет! How are you?")
    here.until("return document.querySelector('.message .ticks.read') !== null")
    there.until("return !document.title.startsWith('(')")

    there.message_menu("Привет! How are you?")
    there.choose("👍")
    there.message_menu("Привет! How are you?")
    there.choose("Reply")
    there.press("Fine")
    here.until("return document.querySelector('header small em')?.textContent === 'typing…'")
    there.press(Keys.ENTER)
    here.until("return document.querySelector('.reactions button')?.textContent === '👍1'")
    here.until("return document.querySelector('.quote')?.textContent.includes('Maria')")

    here.press(Keys.ARROW_UP, "?", Keys.ENTER)
    there.until("return document.querySelector('.facts')?.textContent.includes('edited')")
    there.until_texts("Привет! How are you??", "Fine")

    picture = tmp_path / "lake.png"
    picture.write_bytes(lake(320, 210))
    here.browser.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(picture))
    here.until("return document.querySelector('.tray .chip') !== null")
    here.write("the lake")
    there.until("return document.querySelector('.picture img')?.naturalWidth > 0")

    there.message_menu("Fine")
    there.choose("Delete for everyone")
    there.choose("Delete")
    here.until("return document.querySelectorAll('.text.deleted').length === 1")
    assert here.refused() == there.refused() == []


def test_who_was_offline_comes_back_without_gap_or_duplicate(server: Server, alice: Person, bob: Person) -> None:
    chat_id = alice.chat_with(bob)
    alice.send(chat_id, "before")
    with cable(server.stack.port) as line, client(line.origin) as page:
        page.log_in(bob.username)
        page.go(f"chat/{chat_id}")
        page.until_texts("before")
        line.cut()
        page.until("return document.querySelector('.banner:not([hidden])')?.textContent")
        page.write("written offline")
        page.write("and more")
        page.until_texts("before", "written offline", "and more")
        assert page.run("return document.querySelectorAll('.message.pending').length") == 2
        for number in range(3):
            alice.send(chat_id, f"missed {number}")
        line.mend()
        page.run("dispatchEvent(new Event('online'))")
        page.until("return document.querySelectorAll('.message.pending').length === 0")
        said = ["before", *(f"missed {number}" for number in range(3)), "written offline", "and more"]
        page.until_texts(*said)
        page.open(f"chat/{chat_id}")
        page.until_texts(*said)
        assert [message["content"] for message in reversed(alice.history(chat_id))] == said


def test_a_forgotten_password_and_a_second_factor(
    here: Client, server: Server, person: Callable[..., Person]
) -> None:
    dora = person("dora", email="dora@example.com")
    code = authenticator(server, dora.id, is_on=True)
    here.open()
    forgot = "[...document.querySelectorAll('.card .link')].find(e => e.textContent.startsWith('Forgot'))"
    here.until(f"const found = {forgot}; found?.click(); return found !== undefined")
    here.fill("email", "dora@example.com", Keys.ENTER)
    here.until("return document.body.innerText.includes('a letter is on its way')")
    letter = next(one for one in letters_to(server, "dora@example.com") if "password" in one["subject"].lower())
    here.browser.get("about:blank")
    here.browser.get(f"{server.origin}/#reset={token_of(letter)}")
    here.fill("password", "another horse battery", Keys.ENTER)
    here.until("return document.getElementsByName('username').length")
    here.fill("username", "dora@example.com")
    here.fill("password", "another horse battery", Keys.ENTER)
    here.until("return document.getElementsByName('code')[0].offsetParent !== null")
    here.fill("code", code, Keys.ENTER)
    here.until("return document.querySelector('.sidebar') !== null")
    assert here.refused() == []


def test_the_history_scrolls_back_without_a_jump(here: Client, server: Server, alice: Person, bob: Person) -> None:
    chat_id = alice.chat_with(bob)
    server.write_many(chat_id, bob.id, "one of many", 400)
    server.sql("UPDATE messages SET content = repeat('word ', (seq %% 40)::int) || seq WHERE chat_id = %s", chat_id)
    here.log_in(alice.username)
    here.go(f"chat/{chat_id}")
    here.until("return document.querySelector('.history:not([aria-busy])') !== null")
    for _ in range(60):
        shown = here.run(_SEQS)
        assert shown == list(range(shown[0], shown[-1] + 1))
        assert len(shown) <= 200
        if shown[0] == 1:
            break
        _scroll_to_the_top_edge(here)
    assert here.run(_SEQS)[0] == 1
    here.run("document.querySelector('.to-newest').click()")
    until(lambda: here.run(_SEQS)[-1] == 400, lambda: here.run(_SEQS))
    here.go(f"chat/{chat_id}/at/37")
    here.until("return document.activeElement.dataset.seq === '37'")


def test_nothing_that_is_written_runs(here: Client, server: Server, alice: Person, bob: Person) -> None:
    """Past the service, which would clean it."""
    chat_id = alice.chat_with(bob, name="group")
    texts = [*payloads.FIRING, *payloads.BREAKOUTS, *payloads.SCHEMES, *payloads.written()[::97]][:380]
    server.write_many(chat_id, bob.id, "x", len(texts) // 20 + 1)
    rows = [texts[at : at + 20] for at in range(0, len(texts), 20)]
    for seq, row in enumerate(rows, start=2):
        content = "\n".join(row)[:9000].replace("\0", "")
        server.sql("UPDATE messages SET content = %s WHERE chat_id = %s AND seq = %s", content, chat_id, seq)
    evil = "<img src=x onerror=alert(1)>"
    server.sql("UPDATE users SET display_name = %s WHERE id = %s", evil, bob.id)
    server.sql("UPDATE chats SET name = %s, description = %s WHERE id = %s", evil, "javascript:alert(1)", chat_id)
    here.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _RAN})
    here.log_in(alice.username)
    here.go(f"chat/{chat_id}/info")
    here.until("return document.querySelectorAll('.history .message').length >= arguments[0]", len(rows))
    here.run("for (const more of document.querySelectorAll('.text .link')) more.click()")
    assert (
        here.run("return document.querySelector('.history').textContent").count("<img src=x onerror=alert(1)>") >= 1
    )
    inside = "img, script, iframe, object, embed, svg [onload], form[action], [onerror], [onclick], style"
    assert here.run("return document.querySelectorAll('.history .text').length") >= len(rows)
    assert (
        here.run(f"return [...document.querySelectorAll('.history .text :is({inside})')].map(e => e.outerHTML)") == []
    )
    links = here.run("return [...document.querySelectorAll('.history a')].map(e => e.protocol)")
    assert set(links) <= {"http:", "https:"}
    assert here.run("return window.ran") == []
    assert here.refused() == []
    loaded = "return performance.getEntriesByType('resource').map(e => new URL(e.name).origin)"
    assert set(here.run(loaded)) <= {server.origin, server.stack.aws.endpoint}


def _register(page: Client, username: str, name: str) -> None:
    page.open("register")
    page.fill("username", "a b")
    page.until("return document.querySelector('.wrong')?.textContent.startsWith('Use letters')")
    page.browser.find_element(By.NAME, "username").clear()
    page.fill("username", username)
    page.fill("firstName", name)
    page.fill("password", PASSWORD, Keys.ENTER)
    page.until("return document.querySelector('.sidebar .empty') !== null")


def _scroll_to_the_top_edge(page: Client) -> None:
    """Scrolls to near the top, waits for earlier messages, and checks that what was seen has stayed where it was."""
    script = f"""
        const [done] = arguments;
        const view = {_HISTORY};
        view.scrollTop = Math.min(view.scrollTop, 300);
        const edge = view.getBoundingClientRect().top;
        const rows = () => [...view.querySelectorAll('[data-seq]')];
        const {{ seq }} = rows().find((row) => row.getBoundingClientRect().bottom > edge).dataset;
        const top = () => view.querySelector(`[data-seq="${{seq}}"]`).getBoundingClientRect().top;
        const first = rows()[0].dataset.seq;
        const before = top();
        const look = () => {{
          if (rows()[0].dataset.seq === first && first !== '1') return setTimeout(look, 20);
          done([before, top()]);
        }};
        look();
    """
    before, after = page.browser.execute_async_script(script)
    assert abs(before - after) < 3
