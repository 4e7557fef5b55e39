"""The pages of the documentation are whole: every link leads somewhere, and nothing comes from another host."""

import json
import re
from html.parser import HTMLParser

import pytest

from chalicelib.entry.documents import asyncapi_document, openapi_document
from web import site
from web.docs import build
from web.docs.markdown import render


class _Found(HTMLParser):
    """What a page links to and loads, and its anchors."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.anchors: list[str] = []
        self.inline: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        (self.links if tag == "a" else self.loads).update(given[name] for name in ("href", "src") if name in given)
        self.anchors += [given["id"]] if "id" in given else []
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        self.inline += [tag] if tag == "style" or (tag == "script" and "src" not in given) else []


@pytest.fixture(scope="module")
def files() -> dict[str, site.File]:
    return build.files()


@pytest.fixture(scope="module")
def found(files: dict[str, site.File]) -> dict[str, _Found]:
    return {f"/{name}": _Found(file.content.decode()) for name, file in files.items() if name.endswith(".html")}


def test_every_link_leads_somewhere(files: dict[str, site.File], found: dict[str, _Found]) -> None:
    lost = []
    for page, one in found.items():
        for link in one.links:
            path, _, anchor = link.partition("#")
            target = f"/{build.path_of(path)}" if path else page
            if path.startswith(("/api/", "https://", "http://")):
                continue
            if target not in found or (anchor and anchor not in found[target].anchors):
                lost.append((page, link))
        lost += [(page, load) for load in one.loads if load.removeprefix("/") not in files]
    assert lost == []


def test_nothing_runs_in_a_page_and_no_anchor_is_there_twice(found: dict[str, _Found]) -> None:
    assert {page: one.inline for page, one in found.items() if one.inline} == {}
    assert [page for page, one in found.items() if len(set(one.anchors)) != len(one.anchors)] == []


def test_all_requests_actions_and_events_have_their_place(found: dict[str, _Found]) -> None:
    anchors = {anchor for one in found.values() for anchor in one.anchors}
    operations = {
        operation["operationId"] for item in openapi_document()["paths"].values() for operation in item.values()
    }
    messages = asyncapi_document()["channels"]["socket"]["messages"]
    assert operations | {key for key in messages if key.startswith(("action-", "event-"))} <= anchors


def test_the_front_page_leads_to_all_guides(found: dict[str, _Found]) -> None:
    assert {f"docs/{path.name}" for path in (build.ROOT / "docs").glob("*.md")} <= build.GUIDES.keys()
    assert {f"/docs/{name}.html" for name, _ in build.GUIDES.values()} <= found["/docs/index.html"].links


def test_the_search_finds_sections_by_their_words(files: dict[str, site.File]) -> None:
    entries = json.loads(files["docs/search.json"].content)
    paths = {path for _, path, _, _ in entries}
    assert {"/docs/protocol.html#sync", "/docs/rest-messages.html#sendMessage"} <= paths
    [words] = [text for _, path, _, text in entries if path == "/docs/protocol.html#sync"]
    assert "resyncRequired" in words


def test_what_a_guide_says_is_never_markup() -> None:
    guide = render(
        "# A <b>\n\n<script>alert(1)</script> `<i>` [x](javascript:alert(1)) [y](other.md)", lambda _: None, {}
    )
    assert re.findall(r"<(?!/?(?:h1|p|code)\b)[^>]*>", guide.html) == []


@pytest.mark.parametrize(
    ("path", "file"),
    [
        *((path, "docs/index.html") for path in ("/docs", "/docs/")),
        *((path, "docs/protocol.html") for path in ("/docs/protocol", "/docs/protocol/", "/docs/protocol.html")),
        *((path, "docs/rest.html") for path in ("/swagger", "/swagger/", "/swagger/index.html")),
        ("/docs/search.json", "docs/search.json"),
    ],
)
def test_paths_that_people_type_lead_to_a_page(files: dict[str, site.File], path: str, file: str) -> None:
    assert build.path_of(path) == file
    assert file in files
