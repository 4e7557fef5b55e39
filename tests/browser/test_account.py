"""What users ask of the service itself: an archive of everything personal, and appeals. By keys alone."""

import pytest
from selenium.webdriver import Keys

from tests.browser.app_page import Client, client
from tests.support.people import PASSWORD, Person
from tests.support.server import Server

_SANCTIONS = "return [...document.querySelectorAll('.sanction')].map(e => e.innerText).join('\\n')"


@pytest.fixture
def judge(server: Server, alice: Person) -> Person:
    """An admin."""
    server.sql("UPDATE users SET role = 'admin' WHERE id = %s", alice.id)
    return alice


def _focus(page: Client, words: str) -> None:
    """Goes on by Tab until what has the focus says these words."""
    for _ in range(40):
        if words in page.run("return document.activeElement.closest('a, button')?.textContent ?? ''"):
            return
        page.press(Keys.TAB)
    raise AssertionError(f"{words} never has the focus")


@pytest.mark.parametrize(("language", "is_phone"), [("en", False), ("ru", True)])
def test_sanctions_are_appealed_against(
    server: Server, judge: Person, bob: Person, language: str, is_phone: bool
) -> None:
    judge.http.post(f"/admin/users/{bob.id}/warnings", json={"reason": "Rule 3: <b>be kind</b>"}).raise_for_status()
    judge.http.put(f"/admin/users/{bob.id}/mute", json={"reason": "Rule 1, again"}).raise_for_status()
    names = {
        "en": ("Warnings and appeals", "Appeal", "good", "waits", "taken back", "Send the appeal", "is banned"),
        "ru": ("Предупреждения", "Обжаловать", "бессрочно", "ждёт", "снято", "Отправить", "заблокирован"),
    }
    settings, appeal, forever, waits, taken_back, send, is_banned = names[language]
    with client(server.origin) as page:
        if is_phone:
            page.phone()
        page.open()
        page.until(f"const one = document.querySelector('.languages [lang={language}]'); one?.click(); return one")
        page.log_in(bob.username)
        page.go("settings")
        page.until("return document.querySelector('.settings .about')")
        _focus(page, settings)
        page.press(Keys.ENTER)
        page.until("return document.querySelectorAll('.sanction').length === 2")
        assert forever in page.run(_SANCTIONS)
        assert "Rule 3: <b>be kind</b>" in page.run(_SANCTIONS)
        _focus(page, appeal)
        page.press(Keys.ENTER)
        page.until("return document.activeElement.name === 'comment'")
        page.press(" ", Keys.TAB, Keys.ENTER)
        page.until("return document.activeElement.getAttribute('aria-invalid') === 'true'")
        page.press("Извините, it was a joke", Keys.TAB, Keys.ENTER)
        page.until(f"return (() => {{ {_SANCTIONS} }})().includes(arguments[0])", waits)
        _appeal_is_upheld(judge)
        page.run("location.reload()")
        page.until(f"return (() => {{ {_SANCTIONS} }})().includes(arguments[0])", taken_back)
        assert page.run("return document.documentElement.scrollWidth <= innerWidth")

        judge.http.put(f"/admin/users/{bob.id}/ban", json={"reason": "Rule 1, and again"}).raise_for_status()
        page.fill("username", bob.username)
        page.fill("password", PASSWORD, Keys.ENTER)
        page.until("return document.querySelector('.lead')?.textContent.includes('Rule 1, and again')")
        assert page.run("return document.querySelector('h1').textContent").find(is_banned) >= 0
        page.fill("comment", "Sorry")
        _focus(page, send)
        page.press(Keys.ENTER)
        page.until("return document.querySelector('.card [role=status]')?.textContent")
        _appeal_is_upheld(judge)
        page.run("document.querySelector('.card .link').focus()")
        page.press(Keys.ENTER)
        page.fill("username", bob.username)
        page.fill("password", PASSWORD, Keys.ENTER)
        page.until("return document.querySelector('.settings, .sidebar') !== null")
        assert page.refused() == []


def _appeal_is_upheld(judge: Person) -> None:
    (appeal,) = judge.http.get("/admin/reports", params={"state": "open"}).json()["reports"]
    assert appeal["subjectKind"] == "sanction"
    judge.http.patch(f"/admin/reports/{appeal['id']}", json={"decision": "upheld"}).raise_for_status()


def test_an_archive_of_everything_is_asked_for_and_fetched(server: Server, bob: Person) -> None:
    with client(server.origin) as page:
        page.log_in(bob.username).go("settings/archive")
        page.until("return document.querySelector('.settings button.row') !== null")
        _focus(page, "Ask for an archive")
        page.press(Keys.ENTER)
        page.until("return document.activeElement.name === 'password'")
        page.press("wrong", Keys.ENTER)
        page.until("return document.querySelector('dialog .form-error')?.textContent === 'This password is wrong.'")
        page.fill("password", Keys.CONTROL + "a" + Keys.NULL, PASSWORD, Keys.ENTER)
        page.until("return document.querySelector('.settings progress') !== null")
        server.stack.triggers.fire_schedule("sweep")
        server.settle()
        page.until("return document.querySelector('.settings [role=status]').textContent.includes('is ready')")
        _focus(page, "Download the archive")
        page.run("HTMLAnchorElement.prototype.click = function () { window.saved = [this.download, this.href] };")
        page.press(Keys.ENTER)
        name, address = page.until("return window.saved")
        assert name == "personal-data.zip"
        assert address.startswith(server.stack.aws.endpoint)
        assert page.refused() == []
