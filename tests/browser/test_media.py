"""Voice messages, captions and states of files in the web client."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

from tests.browser.app_page import Client, client, until
from tests.browser.seed import lake
from tests.support.people import Person
from tests.support.server import Server

# A microphone that beeps each second, without a question.
_FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
_LARGE_BYTES = 12 * 1024 * 1024  # goes in parts
_RECORDING = "return document.querySelector('.recorder time')?.textContent >= '0:01'"


@pytest.fixture
def chat(alice: Person, bob: Person) -> int:
    """Of Alice and Bob."""
    return alice.chat_with(bob)


@pytest.fixture
def pair(server: Server, chat: int, alice: Person, bob: Person) -> Iterator[tuple[Client, Client]]:
    """Alice's browser and Bob's, with their chat open."""
    with ExitStack() as stack:
        opened = [stack.enter_context(client(server.origin, *_FLAGS)) for _ in range(2)]
        for one, person in zip(opened, (alice, bob), strict=True):
            one.log_in(person.username)
            one.go(f"chat/{chat}")
            one.until("return document.querySelector('.composer .send') !== null")
        yield opened[0], opened[1]


def test_voice_messages_and_captions(
    pair: tuple[Client, Client], server: Server, chat: int, alice: Person, tmp_path: Path
) -> None:
    here, there = pair
    _record_and_hear(here, there, chat, alice)
    _describe_files(here, there, tmp_path)
    _be_told_of_checks(here, there, server, chat, tmp_path / "list.txt")
    _pause_a_large_file(here, there, chat, alice, tmp_path / "large.bin")
    assert here.refused() == there.refused() == []


def _record_and_hear(here: Client, there: Client, chat: int, alice: Person) -> None:
    here.run("document.querySelector('.composer .send').focus()")
    here.press(Keys.ENTER)
    here.until(_RECORDING)
    assert here.run("return document.activeElement.ariaLabel") == "Send the recording"
    here.press(Keys.ESCAPE)
    here.until("return !document.querySelector('.recorder') && document.activeElement.tagName === 'TEXTAREA'")
    assert alice.history(chat) == []

    here.run("document.querySelector('.composer .send').click()")
    here.until(_RECORDING)
    assert here.run("return document.querySelectorAll('.levels i').length") > 10
    here.press(Keys.ENTER)
    there.until("return document.querySelector('.voice .fresh') !== null")
    (said,) = alice.history(chat)
    (file,) = said["attachments"]
    assert (said["messageType"], file["contentType"]) == ("audio", "audio/webm")
    assert 1 <= file["duration"] < 5
    assert max(file["waveform"]) == 100
    assert len(file["waveform"]) > 10

    # By keys: the position, and then what plays it.
    there.run("document.querySelector('.wave').focus()")
    there.press(Keys.END)
    assert there.run("return document.querySelectorAll('.wave i:not(.played)').length") == 0
    there.press(Keys.ARROW_LEFT)
    assert there.run("return document.activeElement.ariaValueNow") == "0"
    there.run("document.querySelector('.voice button').focus()")
    there.press(Keys.SPACE)
    there.until("return document.querySelectorAll('.wave .played').length > 5")
    there.until("return document.querySelector('.voice button').ariaLabel === 'Play'")
    here.until("return document.querySelector('.heard')?.textContent === 'Heard by bob'")
    there.until("return document.querySelector('.fresh') === null")
    middle = there.browser.find_element(By.CSS_SELECTOR, ".wave")
    ActionChains(there.browser).move_to_element(middle).click().perform()
    played = there.run("return ['.played', ''].map(kind => document.querySelectorAll(`.wave i${kind}`).length)")
    assert 0.4 < played[0] / played[1] < 0.6

    # Held as long as one speaks.
    button = here.browser.find_element(By.CSS_SELECTOR, ".composer .send")
    ActionChains(here.browser).click_and_hold(button).perform()
    here.until(_RECORDING)
    ActionChains(here.browser).release().perform()
    there.until("return document.querySelectorAll('.voice').length === 2")


def _describe_files(here: Client, there: Client, folder: Path) -> None:
    picture, text = folder / "lake.png", folder / "list.txt"
    picture.write_bytes(lake(320, 210))
    text.write_text("bread")
    for file, caption in ((picture, "Озеро"), (text, "What to buy")):
        here.browser.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(file))
        here.until("return document.querySelector('.chip') !== null")
        here.run("document.querySelector('.chip button').click()")
        here.fill("caption", caption, Keys.ENTER)
        here.until("return document.querySelector('.chip small')?.textContent === arguments[0]", caption)
        here.run("document.querySelector('.composer .send').click()")
    there.until(
        "return document.querySelectorAll('.caption').length === 2 && document.querySelector('.attached .file')"
    )
    assert there.run("return [...document.querySelectorAll('.caption')].map(e => e.textContent)") == [
        "Озеро",
        "What to buy",
    ]
    there.run("document.querySelector('.picture').click()")
    there.until("return document.querySelector('dialog .caption')?.textContent === 'Озеро'")
    there.until("return document.querySelector('dialog img').naturalWidth > 0")
    there.press(Keys.ESCAPE)


def _be_told_of_checks(here: Client, there: Client, server: Server, chat: int, file: Path) -> None:
    """A file waits for its scanner; another is found harmful later."""
    with server.settings(scan_files=True):
        here.browser.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(file))
        here.until("return document.querySelector('.chip') !== null")
        here.run("document.querySelector('.composer .send').click()")
        here.until("return document.querySelector('.pending .facts')?.textContent.startsWith('Checking…')")
    server.sql("UPDATE uploads SET state = 'quarantined' WHERE filename = 'list.txt' AND state = 'ready'")
    there.open(f"chat/{chat}")
    there.until("return document.querySelector('.harmful')?.textContent.includes('Found harmful')")


def _pause_a_large_file(here: Client, there: Client, chat: int, alice: Person, file: Path) -> None:
    """It waits while a message passes it, and over a reload; another is given up."""
    file.write_bytes(b"x" * _LARGE_BYTES)
    here.open(f"chat/{chat}")
    here.until("return document.querySelector('.composer .send') !== null")
    _throttle(here, bytes_per_second=4_000_000)
    _attach(here, file)
    here.run("document.querySelector('.composer .send').click()")
    here.until("return document.querySelector('.sending small')?.textContent.includes(' of 12 MB')")
    _press(here, ".sending", "Pause")
    here.until("return document.querySelector('.sending small').textContent.startsWith('Paused · ')")
    here.write("meanwhile")
    there.until("return [...document.querySelectorAll('.text')].at(-1)?.textContent === 'meanwhile'")
    here.open(f"chat/{chat}")
    here.until("return document.querySelector('.sending small')?.textContent === 'Paused'")
    _throttle(here, bytes_per_second=-1)
    _press(here, ".sending", "Resume")
    there.until("return document.querySelector('.message:last-child .file b')?.textContent === 'large.bin'")
    assert alice.history(chat)[0]["attachments"][0]["size"] == _LARGE_BYTES
    used = alice.http.get("/uploads/usage").json()["used"]

    _throttle(here, bytes_per_second=4_000_000)
    _attach(here, file)
    here.run("document.querySelector('.composer .send').click()")
    here.until("return document.querySelector('.sending small')?.textContent.includes(' of 12 MB')")
    _press(here, ".sending", "Cancel")
    here.choose("Delete")
    here.until("return document.querySelector('.pending') === null")
    until(lambda: alice.http.get("/uploads/usage").json()["used"] == used, lambda: "what was given up is stored")


def _attach(page: Client, file: Path) -> None:
    page.browser.find_element(By.CSS_SELECTOR, ".composer input[type=file]").send_keys(str(file))
    page.until("return document.querySelector('.chip') !== null")


def _press(page: Client, place: str, words: str) -> None:
    """Presses the button there that says this."""
    find = (
        "const found = [...document.querySelectorAll(`${arguments[0]} button`)].find("
        "one => one.textContent === arguments[1]); found?.click(); return found !== undefined"
    )
    page.until(find, place, words)


def _throttle(page: Client, *, bytes_per_second: int) -> None:
    """Has the browser send no faster."""
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second}
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
