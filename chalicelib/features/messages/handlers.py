"""Text that becomes attributes, where a page puts it between quotes or behind a text that left a tag open.

A page may write `<img alt="TEXT">`. A quote in the text then ends the value, and ` onerror=…` behind it is a handler
of the page's own element. Such a name gets a no-break space before it: it reads the same, and to an HTML parser it is
part of a longer name, which does nothing.
"""

import html
import re

_S = r"\t\n\f\r "
_NAMES = "on[a-z]{2,40}|style|srcdoc|(?:xlink:)?href|src|action|formaction|data"
_TOKEN = re.compile(
    rf"(?P<before>^|[{_S}\"'/])(?P<name>{_NAMES})(?=[{_S}]*=[{_S}]*[\"']?(?P<value>[^\"'>]{{0,200}}))",
    re.IGNORECASE | re.ASCII,
)
# Words that begin like handlers, and are none in any browser.
_WORDS = frozenset(
    ("once", "one", "ones", "only", "onto", "onset", "onward", "onwards", "online", "ongoing", "onion")
)
_SCRIPTS = ("javascript:", "vbscript:", "data:")
_LAST_NAME = re.compile(rf"[{_S}/\"'](?P<name>[a-z:]+)[{_S}]*\Z", re.IGNORECASE | re.ASCII)
_ACTING = ("style", "srcdoc", "xlink:href", "href", "src", "action", "formaction", "data")
_NO_BREAK_SPACE = "\u00a0"


def set_apart(text: str) -> str:
    """The text with each name set apart that could act as an attribute. Doing it again changes nothing."""
    return _TOKEN.sub(_apart, text) if "=" in text else text


def may_become_one(text: str) -> bool:
    """Whether the text ends in such a name or in the beginning of one, so that the next text makes it act."""
    last = _LAST_NAME.search(text, max(0, len(text) - 100))
    if last is None:
        return False
    name = last["name"].lower()
    return name.startswith("on") or name == "o" or any(acting.startswith(name) for acting in _ACTING)


def _apart(token: re.Match[str]) -> str:
    if not _acts(token["name"].lower(), token["value"]):
        return token[0]
    return token["before"].removesuffix(" ") + _NO_BREAK_SPACE + token["name"]


def _acts(name: str, value: str) -> bool:
    if name.startswith("on"):
        return name not in _WORDS
    if name == "srcdoc":
        return True
    if name == "style":
        return any(mark in value for mark in ":&(")
    address = "".join(character for character in html.unescape(value) if character > " ").lower()
    return address.startswith(_SCRIPTS)
