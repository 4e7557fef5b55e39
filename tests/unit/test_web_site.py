"""What browsers get of the web client: whole, small, and the same in every language."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.browser.support import need
from web import site

_APP = site.WEB / "app"
_ADMIN = site.WEB / "admin"
_IMPORT = re.compile(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"')
_STATIC = re.compile(r'^(?:import|export) (?:[^;"]*from )?"(\.[^"]+)"', re.MULTILINE)
_MOST_BYTES = 200 * 1024


@pytest.fixture(scope="module")
def files() -> dict[str, site.File]:
    return site.files()


def test_all_that_is_loaded_is_there(files: dict[str, site.File]) -> None:
    for page in ("index.html", "admin.html"):
        linked = re.findall(r'(?:href|src)="/([^"]+)"', files[page].content.decode())
        assert len(linked) >= 5
        assert [name for name in linked if name not in files] == []
    for name in files:
        if name.endswith(".js"):
            assert [found for found in _named(files, name, _IMPORT) if found not in files] == [], name


def test_versions_never_mix_and_the_page_is_asked_for_anew(files: dict[str, site.File]) -> None:
    kept = {name for name, file in files.items() if file.caching == site.FOREVER}
    assert len({name.split("/")[1] for name in kept}) == 1
    assert all(name.startswith("web/") for name in kept)
    assert {name for name, file in files.items() if file.caching == site.EACH_TIME} == set(files) - kept
    for name in set(files) - kept:
        assert not re.search(rb"VERSION|\bFILES\"", files[name].content), name
    listed = re.search(r"const FILES = (\[.*\]);", files["worker.js"].content.decode())
    assert listed
    assert {path.removeprefix("/") for path in json.loads(listed[1])} == {n for n in kept if "/admin/" not in n}


def test_a_chat_is_shown_with_at_most_200_kb(files: dict[str, site.File]) -> None:
    """What the page, the chat list and a chat load, with one language."""
    (main,) = [name for name in files if name.endswith("/app/main.js")]
    (chat,) = [name for name in files if name.endswith("/views/chat/chat.js")]
    styles = re.findall(r'href="/([^"]+\.css)"', files["index.html"].content.decode())
    loaded = {"index.html", *styles, *(name for name in files if name.endswith("/app/locales/en.js"))}
    waiting = [main, chat]
    while waiting:
        name = waiting.pop()
        if name not in loaded:
            loaded.add(name)
            waiting += _named(files, name, _STATIC)
    assert len(loaded) > 40
    assert sum(len(files[name].content) for name in loaded) <= _MOST_BYTES


def test_the_client_loads_nothing_of_the_admin_pages(files: dict[str, site.File]) -> None:
    clients = [name for name in files if name.endswith(".js") and "/admin/" not in name]
    assert [name for name in clients if any("/admin/" in one for one in _named(files, name, _IMPORT))] == []


def test_comments_can_be_taken_out_without_a_look_at_the_code() -> None:
    for path in [path for folder in ("app", "admin", "sdk") for path in (site.WEB / folder).rglob("*.js")]:
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            assert line.count("`") % 2 == 0 or line.lstrip().startswith(("*", "//")), f"{path.name}:{number}"
            assert not [text for text in re.findall(r'"[^"]*"|`[^`]*`', line) if "/**" in text], (
                f"{path.name}:{number}"
            )


def test_both_languages_have_the_same_words_and_all_that_are_used() -> None:
    need("node")
    known: set[str] = set()
    for folder in {path.parent.parent for root in (_APP, _ADMIN) for path in root.rglob("locales/en.js")}:
        words = {language: _words(folder, language) for language in ("en", "ru")}
        assert words["en"].keys() == words["ru"].keys()
        for key, english in words["en"].items():
            assert _blanks(english) == _blanks(words["ru"][key]), key
        assert not known & words["en"].keys()
        known |= words["en"].keys()
    code = "".join(path.read_text() for folder in (_APP, _ADMIN) for path in folder.rglob("*.js"))
    used = set(re.findall(r'\bt\(\s*"([a-z][a-zA-Z.-]+)"', code))
    assert len(used) > 60
    assert used - known == set()


def test_styles_and_scripts_are_in_files_of_their_own() -> None:
    for page in (_APP / "index.html", _ADMIN / "admin.html"):
        assert not re.search(r"<style|style=|\son\w+=|<script[^>]*>[^<]", page.read_text())
    code = "".join(path.read_text() for folder in (_APP, _ADMIN) for path in folder.rglob("*.js"))
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", code)


def _named(files: dict[str, site.File], name: str, pattern: re.Pattern[str]) -> list[str]:
    """The modules that a module names."""
    found = pattern.findall(files[name].content.decode())
    folder = Path("/", name).parent
    return [str((folder / one).resolve()).removeprefix("/") for one in found]


def _words(folder: Path, language: str) -> dict[str, object]:
    script = f"import words from '{folder}/locales/{language}.js'; console.log(JSON.stringify(words))"
    command = ["node", "--input-type=module", "-e", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    words: dict[str, object] = json.loads(done.stdout)
    return words


def _blanks(words: object) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", json.dumps(words)))
