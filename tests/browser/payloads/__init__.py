"""Texts that try to run a script in the page that shows them.

Those of wfuzz are read from where Debian's package has put them. All others are made here, from what the attacks that
OWASP describes consist of: elements that load or fire of themselves, handlers, separators, nesting, encodings.
"""

import html
import itertools
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

WFUZZ = [Path("/usr/share/wfuzz/wordlist/Injections") / name for name in ("XSS.txt", "XML.txt", "All_attack.txt")]


def _lines(name: str) -> list[str]:
    return (Path(__file__).parent / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")


# `~` stands for a separator, `{}` for a script.
ELEMENTS = _lines("elements")
SEPARATORS = (" ", "/", "\n", "\t", "\f", "\r\n", " / ", "/\t/")
SCRIPTS = ("alert(1)", '"alert(1)"', "'alert(1)'", "alert`1`", '"&#97;lert(1)"')
ENDS = (">", "/>", ">x", "", " ", "<", ">x</b>", "><!--", " y=")
CASES = (str.lower, str.upper, str.title)

FIRING = (
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<b onclick=alert(1)>x</b>",
)
# Where `{}` is, one of FIRING.
AROUND = _lines("around")
# Taken out of a tag, each of these must not leave a tag behind.
INSERTED = ("<b>", "</b>", "<script>", "<script></script>", "<style>x</style>", "<!-- -->", "<!---->", "<br/", "<x>")
OTHER_BRACKETS = ("\uff1c", "\u02c2", "\\u003c", "\\x3c", "%3c", "&lt", "&LT;", "+ADw-")
OTHER_SPACES = ("\v", "\u2028", "\u00a0", "\x1f", "/**/", "+", "%20", "\u3000")

SCHEMES = (
    *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "java\nscript:alert(1)"),
    *("\x01javascript:alert(1)", " javascript:alert(1)", "&#106;avascript:alert(1)", "&#x6A;avascript:alert(1)"),
    *("&#0000106avascript:alert(1)", "java&Tab;script:alert(1)", "java&NewLine;script:alert(1)"),
    *("javascript&colon;alert(1)", "javascript&#58;alert(1)", "javascript://%0aalert(1)", "javascript:%61lert(1)"),
    *("data:text/html,<script>alert(1)</script>", "vbscript:alert(1)", "feed:javascript:alert(1)"),
)
LINKS = (
    *("<a href={}>x</a>", "<a && href={}>x", "<a b href={}", "<iframe src={}></iframe>", "<area href={}>"),
    *("<form action={}><button>x</button></form>", "<svg><a href={}><text>x</text></a></svg>", "<x href={}>x</x>"),
)

# What one message could leave open, and another use.
BREAKOUTS = _lines("breakouts")


def wfuzz() -> list[str]:
    """The lists as they are, and decoded as a server would, once and twice."""
    found: dict[str, None] = {}
    for line in (line.rstrip("\r") for path in WFUZZ for line in path.read_text(encoding="latin-1").split("\n")):
        once = urllib.parse.unquote(line, encoding="latin-1")
        twice = html.unescape(urllib.parse.unquote(once, encoding="latin-1"))
        found |= dict.fromkeys(text for text in (line, once, twice) if text and "\0" not in text)
    return list(found)


def written() -> list[str]:
    """All that are made here."""
    made = itertools.chain(_elements(), _nested(), _links(), _encoded(), BREAKOUTS)
    return [text for text in dict.fromkeys(made) if text.strip()]


def _elements() -> Iterator[str]:
    for turn, (element, separator) in enumerate(itertools.product(ELEMENTS, SEPARATORS)):
        name, *rest = element.split("~")
        tag = separator.join([CASES[turn % len(CASES)](name), *rest]).replace("{}", SCRIPTS[turn % len(SCRIPTS)])
        yield f"<{tag}{ENDS[turn % len(ENDS)] if turn % 2 else '>'}"


def _nested() -> Iterator[str]:
    for around, fire in itertools.product(AROUND, FIRING):
        yield around.replace("{}", fire)
    for inserted, fire in itertools.product(INSERTED, FIRING[:2]):
        yield from (fire[:at] + inserted + fire[at:] for at in range(1, 14))


def _links() -> Iterator[str]:
    for turn, (scheme, link) in enumerate(itertools.product(SCHEMES, LINKS)):
        quote = ("", '"', "'")[turn % 3]
        yield link.format(quote + scheme + quote)


def _encoded() -> Iterator[str]:
    for fire in FIRING:
        yield from (html.escape(fire), html.escape(html.escape(fire)), urllib.parse.quote(fire))
        yield from ("".join(f"&#{ord(c)};" for c in fire), "".join(f"&#x{ord(c):x}" for c in fire))
        yield from (fire.replace("<", other) for other in OTHER_BRACKETS)
        yield from (fire.replace(" ", other) for other in OTHER_SPACES)
