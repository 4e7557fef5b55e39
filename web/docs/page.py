"""The frame of a page: its head, the ways to the other pages, and the search."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from web.docs.markdown import Section


@dataclass(frozen=True)
class Page:
    """What a page shows. `name` is its file without the ending; `words` are what the search finds besides titles."""

    name: str
    title: str
    html: str
    sections: Sequence[Section] = ()

    @property
    def path(self) -> str:
        """Where it is."""
        return address(self.name)


# What the front page and every page's list of pages show: a heading, and the names of pages.
Shelf = tuple[str, Sequence[tuple[str, str]]]


def address(name: str, anchor: str = "") -> str:
    """Where a page is, or a place in it."""
    return f"/docs/{name}.html" + (f"#{anchor}" if anchor else "")


def framed(page: Page, shelves: Sequence[Shelf], assets: str) -> str:
    """The page in HTML. `assets` is the folder of scripts and styles."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(page.title)} · Messenger</title>
<link rel="icon" href="{assets}/icon.svg">
<link rel="stylesheet" href="{assets}/docs.css">
<script type="module" src="{assets}/docs.js"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header>
<a class="home" href="/docs/">Messenger <span>docs</span></a>
<div class="search" role="search">
<input type="search" id="search" placeholder="Search" aria-label="Search the documentation" autocomplete="off">
<ol id="found" hidden></ol>
</div>
</header>
<div class="columns">
<details class="ways" id="ways"><summary>Pages</summary>
<nav aria-label="Pages">
{_ways(page, shelves)}</nav>
</details>
<main id="main">
{page.html}
</main>
{_contents(page)}</div>
</body>
</html>
"""


def _ways(page: Page, shelves: Sequence[Shelf]) -> str:
    parts = []
    for heading, entries in shelves:
        links = "".join(_way(name, title, is_here=name == page.name) for name, title in entries)
        parts.append(f"<h2>{escape(heading)}</h2>\n<ul>\n{links}</ul>\n")
    return "".join(parts)


def _way(name: str, title: str, *, is_here: bool) -> str:
    mark = ' aria-current="page"' if is_here else ""
    return f'<li><a href="{address(name)}"{mark}>{escape(title)}</a></li>\n'


def _contents(page: Page) -> str:
    """What is on a page, where that is long."""
    shown = [section for section in page.sections if section.level == 2]
    if len(shown) < 3:
        return ""
    links = "".join(f'<li><a href="#{one.anchor}">{escape(one.title)}</a></li>\n' for one in shown)
    return f'<nav class="contents" aria-label="On this page"><h2>On this page</h2>\n<ul>\n{links}</ul></nav>\n'
