"""The admin pages: a report is decided, its message deleted, its author banned, and the trail tells all of it."""

import pytest

from tests.browser.app_page import Client, client
from tests.support.people import Register
from tests.support.server import Server

_ROWS = "return [...document.querySelectorAll('main .row')].map(row => row.innerText).join('\\n')"


def _press(page: Client, place: str, words: str) -> None:
    """Presses the first link, row or button there that begins with these words."""
    find = (
        "const found = [...document.querySelectorAll(`${arguments[0]} :is(a, button)`)].find("
        "one => one.innerText.trim().startsWith(arguments[1])); found?.click(); return found !== undefined"
    )
    page.until(find, place, words)


@pytest.mark.parametrize("role", ["admin", "moderator"])
def test_a_report_is_decided(server: Server, person: Register, role: str) -> None:
    judge, accuser, accused = person("judge"), person("accuser"), person("accused")
    server.sql("UPDATE users SET role = %s WHERE id = %s", role, judge.id)
    said = accused.send(accused.chat_with(accuser), "buy my pills")
    report = {"subjectKind": "message", "subjectId": said["id"], "reason": "spam", "comment": "again"}
    assert accuser.http.post("/reports", json=report).status_code == 201

    with client(server.origin) as page:
        page.log_in("judge").go("settings")
        _press(page, ".settings", "Moderation")
        _press(page, "main", "Spam: @accused")
        page.until("return document.querySelector('dialog .said')?.innerText === 'buy my pills'")
        _press(page, "dialog", "Delete message")
        page.fill("reason", "advertisement")
        _press(page, "dialog:last-of-type form", "Delete message")
        page.until("return document.querySelectorAll('dialog').length === 1")

        _press(page, "dialog", "Open account")
        page.until("return document.querySelectorAll('dialog').length === 2")
        assert page.run("return document.querySelector('dialog select') !== null") == (role == "admin")
        _press(page, "dialog:last-of-type", "Ban")
        page.fill("reason", "No advertisements here")
        _press(page, "dialog:last-of-type form", "Ban")
        _press(page, "dialog:last-of-type", "Lift the ban")
        page.until("return !document.querySelector('dialog:last-of-type').innerText.includes('Lift the ban')")
        page.run("document.querySelector('dialog:last-of-type header button').click()")

        _press(page, "dialog", "Uphold")
        page.until("return document.querySelectorAll('dialog').length === 0")
        page.until("return document.querySelector('main .empty') !== null")

        _press(page, "nav", "Users")
        page.fill("q", "accus")
        page.until(f"return (() => {{ {_ROWS} }})().split('@').length === 3")
        if role == "admin":
            _press(page, "nav", "Audit trail")
            acts = ("report decided", "unbanned", "banned", "message removed")
            page.until(
                f"const rows = (() => {{ {_ROWS} }})(); return arguments[0].every(act => rows.includes(act))", acts
            )
        else:
            assert "Audit" not in page.run("return document.querySelector('nav').innerText")
        assert page.refused() == []
    assert accuser.http.get(f"/messages/{said['id']}").json()["isDeleted"]


def test_a_word_is_held_and_sent(server: Server, person: Register) -> None:
    judge, author, reader = person("judge"), person("author"), person("reader")
    server.sql("UPDATE users SET role = 'moderator' WHERE id = %s", judge.id)
    chat = author.chat_with(reader)
    with client(server.origin) as page:
        page.log_in("judge").go("settings")
        _press(page, ".settings", "Moderation")
        _press(page, "nav", "Words")
        _press(page, "main", "Add a rule")
        choose = "const box = document.querySelector('dialog select'); box.value = 'hide';"
        page.run(f"{choose} box.dispatchEvent(new Event('change'))")
        page.fill("phrase", "casino")
        _press(page, "dialog form", "Add a rule")
        page.until(f"return (() => {{ {_ROWS} }})().startsWith('casino')")
        assert author.http.post("/messages", json={"chatId": chat, "content": "A casino"}).status_code == 422

        _press(page, "nav", "Held messages")
        _press(page, "main", "casino: @author")
        page.until("return document.querySelector('dialog .said')?.innerText === 'A casino'")
        _press(page, "dialog", "Send")
        page.until("return document.querySelector('main .empty') !== null")
        assert [message["content"] for message in reader.history(chat)] == ["A casino"]

        _press(page, "nav", "Words")
        _press(page, "main", "casino")
        _press(page, "dialog", "Remove")
        page.until("return document.querySelector('main .empty') !== null")
        assert page.refused() == []


def test_who_is_no_moderator_is_sent_away(server: Server, person: Register) -> None:
    person("maria")
    with client(server.origin) as page:
        page.log_in("maria")
        page.browser.get(f"{server.origin}/admin")
        page.until("return document.body.innerText.includes('These pages are for moderators')")
        assert page.refused() == []
