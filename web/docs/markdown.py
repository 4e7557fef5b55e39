"""The guides in HTML: headings can be linked to, links lead to other pages, and tables scroll on a phone."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token


@dataclass(frozen=True)
class Section:
    """A heading and the plain text up to the next one, for the search."""

    anchor: str
    title: str
    level: int
    text: str


@dataclass(frozen=True)
class Rendered:
    """A guide: its first heading, all of it in HTML, and its sections."""

    title: str
    html: str
    sections: Sequence[Section]


def slug(title: str) -> str:
    """The anchor of a heading, as GitHub makes it, so that links between the guides hold there too."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def render(text: str, leads: Callable[[str], str | None], codes: Mapping[str, str]) -> Rendered:
    """Renders a guide. `leads` says where a link leads here, and None for what is no page.

    `codes` are pieces of code that lead somewhere themselves, as `GET /chats`.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    sections = _sections(tokens)
    for token in tokens:
        _lead(token.children or [], leads)
        if token.type == "table_open":
            token.meta["wide"] = True

    def table_open(*_: Any) -> str:
        return '<div class="wide" tabindex="0"><table>\n'

    def table_close(*_: Any) -> str:
        return "</table></div>\n"

    def fence(tokens: Sequence[Token], index: int, *_: Any) -> str:
        # Long lines scroll, by keys too.
        language = tokens[index].info.partition(" ")[0]
        kind = f' class="language-{escape(language)}"' if language else ""
        return f'<pre tabindex="0"><code{kind}>{escape(tokens[index].content)}</code></pre>\n'

    def code(tokens: Sequence[Token], index: int, *_: Any) -> str:
        content = tokens[index].content
        shown = f"<code>{escape(content)}</code>"
        target = codes.get(content.partition(" {")[0].partition("?")[0])
        in_link = sum({"link_open": 1, "link_close": -1}.get(token.type, 0) for token in tokens[:index])
        return shown if target is None or in_link else f'<a href="{target}">{shown}</a>'

    rules: dict[str, Any] = parser.renderer.rules  # type: ignore[attr-defined]  # the protocol does not name it
    rules |= {"table_open": table_open, "table_close": table_close, "code_inline": code, "fence": fence}
    html = parser.renderer.render(tokens, parser.options, {})
    return Rendered(title=sections[0].title if sections else "", html=html, sections=sections)


def _sections(tokens: Sequence[Token]) -> list[Section]:
    """The sections; each heading gets its anchor."""
    found: list[Section] = []
    texts: list[list[str]] = []
    taken: set[str] = set()
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            title = _plain(following)
            anchor = _free(slug(title), taken)
            token.attrSet("id", anchor)
            found.append(Section(anchor, title, int(token.tag[1:]), ""))
            texts.append([])
        elif token.type in {"inline", "fence"} and texts:
            texts[-1].append(_plain(token) if token.type == "inline" else token.content)
    return [
        Section(section.anchor, section.title, section.level, " ".join(" ".join(words[1:]).split()))
        for section, words in zip(found, texts, strict=True)
    ]


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 0
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free)
    return free


def _plain(inline: Token) -> str:
    pieces = (token.content if token.type in {"text", "code_inline"} else " " for token in inline.children or ())
    return "".join(pieces).strip()


def _lead(children: Sequence[Token], leads: Callable[[str], str | None]) -> None:
    """Has each link lead where it leads here. One that leads to no page stays as its words."""
    is_open = False
    for token in children:
        if token.type == "link_open":
            target = leads(str(token.attrGet("href") or ""))
            is_open = target is not None
            if target is None:
                token.type, token.tag, token.nesting, token.hidden = "text", "", 0, True
                token.attrs, token.content = {}, ""
            else:
                token.attrSet("href", target)
        elif token.type == "link_close" and not is_open:
            token.type, token.tag, token.nesting, token.content = "text", "", 0, ""
        elif token.type == "image":
            token.attrSet("src", leads(str(token.attrGet("src") or "")) or "")
            token.attrSet("loading", "lazy")
