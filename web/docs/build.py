"""`/docs`: the guides, the REST and socket APIs and the changelog as pages, made from what is in the repository.

They are made where they are served from, at home and at a deployment; no function has them. Like all of the web
client they load nothing from another host and run no code in a page.
"""

import functools
import hashlib
import json
import posixpath
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from chalicelib.entry.documents import asyncapi_document, openapi_document
from web import site
from web.docs import rest, socket
from web.docs.markdown import render
from web.docs.page import Page, Shelf, address, framed

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
# What the front page shows first, in this order: the file, its page, and for whom it is.
GUIDES = {
    "docs/protocol.md": ("protocol", "The protocol"),
    "docs/sdk.md": ("sdk", "Client library"),
    "docs/calls.md": ("calls", "Calls"),
    "docs/assistant.md": ("assistant", "The assistant"),
    "docs/notifications.md": ("notifications", "Notifications"),
    "docs/e2ee.md": ("e2ee", "End-to-end encryption"),
    "docs/webhooks.md": ("webhooks", "Webhooks"),
    "docs/moving.md": ("moving", "Moving from another messenger"),
    "docs/parity.md": ("parity", "Compared with other messengers"),
    "docs/web.md": ("web", "The web client"),
    "README.md": ("readme", "Overview and quick start"),
    "docs/first-deployment.md": ("first-deployment", "First deployment"),
    "docs/operations.md": ("operations", "Operations"),
    "docs/moderation.md": ("moderation", "Moderation"),
    "docs/security.md": ("security", "Security"),
    "docs/scale.md": ("scale", "Scale"),
    "docs/contributing.md": ("contributing", "Contributing"),
    "CHANGELOG.md": ("changelog", "Changelog"),
}
_CLIENTS = ("protocol", "sdk", "calls", "assistant", "notifications", "webhooks", "e2ee", "moving", "parity", "web")
_OPERATORS = ("readme", "first-deployment", "operations", "moderation", "security", "scale")
_ASSETS = ("docs.css", "docs.js", "search.js", "requests.js")
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
_JSON = "application/json"
_PAGE = "text/html; charset=utf-8"


def sources() -> list[Path]:
    """The files that the pages are made of."""
    decisions = (ROOT / "docs" / "adr").glob("*.md")
    return [*(ROOT / source for source in GUIDES), *sorted(decisions), *(HERE / name for name in _ASSETS)]


def files() -> dict[str, site.File]:
    """All files by their paths, which begin without a slash."""
    assets = _assets()
    folder = f"docs/assets/{_version(assets)}"
    made = [*_guides(f"/{folder}"), *rest.pages(openapi_document()), *socket.pages(asyncapi_document())]
    shelves = _shelves(made)
    served = {f"{folder}/{name}": file for name, file in assets.items()}
    for page in [_front(shelves), *made]:
        html = framed(page, shelves, f"/{folder}")
        served[f"docs/{page.name}.html"] = site.File(html.encode(), _PAGE, site.EACH_TIME)
    served["docs/search.json"] = site.File(_index(made), _JSON, site.EACH_TIME)
    return served


def path_of(path: str) -> str | None:
    """The file for a path that a person may type, without a slash at its beginning; None where that is no page.

    The function at the edge does the same.
    """
    parts = path.strip("/").split("/")
    if parts[0] == "swagger":
        return "docs/rest.html"
    if parts[0] != "docs":
        return None
    return "docs/index.html" if len(parts) == 1 else path.strip("/") + ("" if "." in parts[-1] else ".html")


def _assets() -> dict[str, site.File]:
    """What pages load. All of a version are below one path, and may be kept for ever."""
    found = {}
    for name in _ASSETS:
        kind = _KINDS[Path(name).suffix]
        found[name] = site.File(site.lean((HERE / name).read_text(encoding="utf-8")).encode(), kind, site.FOREVER)
    pictures = sorted((ROOT / "docs" / "screenshots").glob("*.png"))
    for path in (site.WEB / "app" / "icon.svg", *pictures):
        found[path.name] = site.File(path.read_bytes(), _KINDS[path.suffix], site.FOREVER)
    return found


def _guides(assets: str) -> list[Page]:
    texts = [path for path in sources() if path.suffix == ".md"]
    places = {
        str(path.relative_to(ROOT)): GUIDES.get(str(path.relative_to(ROOT)), (f"adr-{path.stem}",))[0]
        for path in texts
    }
    codes = rest.codes(openapi_document())
    found = []
    for source, name in places.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        guide = render(text, functools.partial(_lead, source, places, assets), codes)
        found.append(Page(name, guide.title, guide.html, guide.sections))
    listed = "".join(
        f'<li><a href="{address(page.name)}">{escape(page.title)}</a></li>\n' for page in found[len(GUIDES) :]
    )
    about = "<p>What others could have decided otherwise, and why it is so here.</p>"
    html = f"<h1>Decisions</h1>\n{about}\n<ul>\n{listed}</ul>\n"
    return [*found, Page("decisions", "Decisions", html)]


def _lead(source: str, places: Mapping[str, str], assets: str, link: str) -> str | None:
    """Where a link of a guide leads; None where that is no page."""
    if link.startswith(("https://", "http://", "#")):
        return link
    path, _, anchor = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
    if target == "docs/adr":
        return address("decisions")
    if target.startswith("docs/screenshots/"):
        return f"{assets}/{posixpath.basename(target)}"
    return address(places[target], anchor) if target in places else None


def _shelves(pages: Sequence[Page]) -> list[Shelf]:
    titles = {**dict(GUIDES.values()), "decisions": "Decisions"}
    apis = [(page.name, page.title) for page in pages if page.name.startswith(("rest", "socket"))]
    return [
        ("For clients", [(name, titles[name]) for name in _CLIENTS]),
        ("REST", [entry for entry in apis if entry[0].startswith("rest")]),
        ("Socket", [entry for entry in apis if entry[0].startswith("socket")]),
        ("For operators", [(name, titles[name]) for name in _OPERATORS]),
        ("For developers", [(name, titles[name]) for name in ("contributing", "decisions")]),
        ("What is new", [("changelog", titles["changelog"])]),
    ]


def _front(shelves: Sequence[Shelf]) -> Page:
    """The front page: where to begin, and all there is."""
    lists = "".join(
        f"<section><h2>{escape(heading)}</h2>\n<ul>\n"
        + "".join(f'<li><a href="{address(name)}">{escape(title)}</a></li>\n' for name, title in entries)
        + "</ul></section>\n"
        for heading, entries in shelves
    )
    html = f"""<h1>Messenger</h1>
<p>A messenger's backend: REST for what is asked and done, a WebSocket for what happens meanwhile.</p>
<p class="begin"><a href="{address("protocol", "a-client-in-ten-steps")}">A client in ten steps</a>
<a href="{address("rest")}">REST</a> <a href="{address("socket")}">Socket</a>
<a href="{address("sdk")}">Client library</a></p>
<div class="shelves">
{lists}</div>
"""
    return Page("index", "Documentation", html)


def _index(pages: Sequence[Page]) -> bytes:
    """What the search looks through: for each section its page, place, title and words."""
    entries = [
        [page.title, address(page.name, section.anchor), section.title, section.text]
        for page in pages
        for section in page.sections
    ]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()


def _version(assets: Mapping[str, site.File]) -> str:
    digest = hashlib.sha256()
    for name, file in sorted(assets.items()):
        digest.update(name.encode() + b"\0" + file.content)
    return digest.hexdigest()[:16]
