"""Nothing of a cleaned message runs in a real browser, whatever was sent."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome

from chalicelib.features.messages.text import clean
from tests.browser import payloads
from tests.browser.support import Pages, need

HOOKS = (Path(__file__).parent / "hooks.js").read_text(encoding="utf-8")
SHOW = (Path(__file__).parent / "show.js").read_text(encoding="utf-8")
# What a page has around a message.
PLACES = ("div", "pre", "td", "li", "svg")
BATCH = 120

Finding = tuple[int, str]


@pytest.fixture(scope="module")
def page(browser: Chrome) -> Iterator[Pages]:
    """An empty page that notes whatever runs in it or in a frame of it, of whatever origin."""
    pages = Pages("<!doctype html><title>messages</title><body>")
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": HOOKS})
    browser.get(pages.url)
    pages.asked.clear()
    yield pages
    pages.close()


def _show(browser: Chrome, texts: list[str], *places: str) -> list[Finding]:
    """Puts each text into a frame of its own by innerHTML, touches all that is there, and says which did what."""
    findings: list[Finding] = []
    for start in range(0, len(texts), BATCH):
        batch: list[Any] = browser.execute_async_script(SHOW, texts[start : start + BATCH], places)
        findings += [(start + int(index), str(what)) for index, what in batch]
    return findings


def _named(findings: list[Finding], texts: list[str]) -> list[tuple[str, str]]:
    return [(what, texts[index][:300]) for index, what in findings]


@pytest.fixture(scope="module")
def sent() -> list[str]:
    """Every payload."""
    need(*payloads.WFUZZ)
    return [*payloads.wfuzz(), *payloads.written()]


def test_as_they_are_sent_many_run(browser: Chrome, page: Pages) -> None:
    """Without this, the other tests would prove nothing."""
    need(*payloads.WFUZZ)
    wfuzz = payloads.wfuzz()
    findings = _show(browser, [*wfuzz, *payloads.written()[::3]], "div")
    ran = {index for index, what in findings if what.startswith("ran")}
    could = {index for index, what in findings if what.startswith("has") and index < len(wfuzz)}
    assert len(ran) > 100
    assert min(ran) < len(wfuzz)
    assert len(could) > 50
    assert page.asked


def test_when_cleaned_none_runs(browser: Chrome, page: Pages, sent: list[str]) -> None:
    cleaned = sorted({clean(text) for text in sent})
    page.asked.clear()
    assert _named(_show(browser, cleaned, *PLACES), cleaned) == []
    assert page.asked == []


def test_when_cleaned_none_runs_among_others(browser: Chrome, page: Pages, sent: list[str]) -> None:
    """A page may put many messages together before it shows them: what one leaves open, another may use."""
    cleaned = [clean(text) for text in sent]
    pairs = itertools.product([clean(text) for text in payloads.BREAKOUTS], repeat=2)
    pages = [
        "".join(f"<li>{text}</li>" for text in cleaned),
        "<br>\n".join(cleaned),
        *(f"<li>{first}</li>\n<li>{second}</li>" for first, second in pairs),
    ]
    page.asked.clear()
    assert _named(_show(browser, pages, "ul"), pages) == []
    assert page.asked == []


# Where a page writes a text between the quotes of an attribute of its own, and what comes after it.
QUOTED = (
    '<p tabindex=1 title="{}">x</p><u>after</u>',
    "<p tabindex=1 title='{}'>x</p><u>after</u>",
    '<img alt="{}"><u>after</u>',
    '<a title="{}">x</a><u>after</u>',
)


def _ran(findings: list[Finding], texts: list[str]) -> list[tuple[str, str]]:
    """What ran or could, whatever else became of the page's own markup."""
    acting = [(index, what) for index, what in findings if what.startswith(("ran", "has on", "has srcdoc"))]
    return _named(acting, texts)


def test_when_cleaned_none_runs_between_the_quotes_of_an_attribute(
    browser: Chrome, page: Pages, sent: list[str]
) -> None:
    raw = [place.replace("{}", text) for place in QUOTED for text in payloads.BREAKOUTS]
    assert _ran(_show(browser, raw, "div"), raw)
    texts = sorted({clean(text) for text in [*payloads.BREAKOUTS, *sent[::7]]})
    pages = [place.replace("{}", text) for place in QUOTED for text in texts]
    page.asked.clear()
    assert _ran(_show(browser, pages, "div"), pages) == []
    assert page.asked == []


def test_when_cleaned_none_runs_as_the_first_of_two(browser: Chrome, page: Pages) -> None:
    """Two texts side by side, with nothing of the page between them."""
    first = (
        "a<b",
        "x<",
        "a<b on",
        "<x",
        "<img",
        "if (a<b) c=",
        "<scr<script>ipt>alert(1)</script>hi",
        *payloads.BREAKOUTS,
    )
    second = ("click=alert(1) tabindex=1>", "img src=x onerror=alert(1)>", "on", *payloads.BREAKOUTS)
    raw = [one + other for one, other in itertools.product(first, second)]
    assert _ran(_show(browser, raw, "div"), raw)
    pages = [clean(one) + clean(other) for one, other in itertools.product(first, second)]
    assert _ran(_show(browser, pages, "div"), pages) == []


def test_what_a_page_puts_behind_a_cleaned_text_is_not_swallowed(
    browser: Chrome, page: Pages, sent: list[str]
) -> None:
    texts = sorted(
        {clean(text) for text in [*sent, "<scr<script>ipt>alert(1)</script>hi", "<img", "<x y", "<b title='"]}
    )
    swallowed = browser.execute_script(
        """
        const inside = document.implementation.createHTMLDocument();
        return arguments[0].filter(text => {
            inside.body.innerHTML = `<p>${text}</p><u>after</u>`;
            return inside.body.querySelector('u')?.textContent !== 'after';
        });
        """,
        texts,
    )
    assert swallowed == []
