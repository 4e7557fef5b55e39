"""HTML is taken out of message text, and nothing else is touched.

A tag begins where an HTML parser begins one, at `<` or `</` and a letter, and reaches as far as the parser would read.
Taken out are:

1. the tags of HTML elements, and of SVG's and MathML's in a text that has an `<svg>` or a `<math>`;
2. every tag, whatever its name, with an attribute that acts by itself: `onclick=`, `style=`, a framework's directive;
3. comments and doctypes;
4. `script` and `style` elements with what is in them. Of all other elements the text stays.

Three things that begin like an HTML element are text all the same, but for the names in `_READ_OTHERWISE`:

1. a type parameter (`Vec<U>`, `List<Object>`, `List<object>`, `<A>(x: A)`): capitalised, or `object`; `>` follows, and
   an identifier is before it or a bracket after it; the text has no end tag of that name;
2. a comparison (`a<b && c>d`): no attribute with a value follows the name and none of HTML's without one, but an
   operator, or words in a text that has no end tag of that name;
3. what no `>` ends (`a<b`), where no attribute follows.

A tag of HTML with attributes that no `>` ends goes with the rest of the text. Any other tag that acts or is left inside
quotes there loses its `<`: it could read on into what a page puts after the text.

So code loses the HTML in it, and JSX its tags with handlers. `std::vector<int>`, `#include <stdio.h>`, XML with names of
its own and `&lt;b&gt;` come back as sent: a browser takes them for text, or for elements that it does not know.
"""

import re

_S = r"\t\n\f\r "
_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*+)?")
_TO_END_OF_NAME = re.compile(rf"[^{_S}/><]*+")
# What comes next in a tag: its end, or an attribute (without a name where the text is over).
_NEXT = re.compile(
    rf"[{_S}/]*+(?:(>)|(=?[^{_S}/>=]*+)(?:[{_S}]*+=[{_S}]*+(\"[^\"]*+\"?|'[^']*+'?|[^{_S}>]*+))?)",
)
_PLAIN_NAME = re.compile(r"[A-Za-z][\w:.-]*", re.ASCII)
_ACTS = re.compile(r"on[a-z]|style$|[@:][a-z]|(?:data|hx|ng|v|x)-[a-z]{2}", re.ASCII | re.IGNORECASE)
_WITH_CONTENT = re.compile(rf"<(/?)(script|style)(?![^{_S}/>])[^>]*+>?", re.IGNORECASE)
_DRAWING = re.compile(rf"<(?:svg|math)(?![^{_S}/>])", re.IGNORECASE)
_END_TAG = re.compile(r"</([A-Za-z][A-Za-z0-9]*)")
_DOCTYPE = re.compile(r"<!doctype[^>]*+>?", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements of HTML: of today, of the past, and on trial in browsers.
_HTML = _words(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote
    body br button canvas caption center cite code col colgroup command content controlledframe data datalist dd
    del details dfn dialog dir div dl dt element em embed fencedframe fieldset figcaption figure font footer
    form frame frameset geolocation h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe image img input ins
    install isindex kbd keygen label layer legend li link listing main map mark marquee math menu menuitem meta
    meter model multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p param
    permission picture plaintext portal pre progress q rb rp rt rtc ruby s samp script search section select
    selectedcontent selectlist shadow slot small source spacer span strike strong style sub summary sup svg
    table tbody td template textarea tfoot th thead time title tr track tt u ul usermedia var video wbr webview
    xmp
    """
)
# These change how a parser reads what comes after them.
_READ_OTHERWISE = _words(
    """
    frameset iframe listing math noembed noframes noscript plaintext script select style svg template textarea
    title xmp
    """
)
# Elements of SVG and MathML; elsewhere these are words like any other.
_DRAWN = _words(
    """
    animate animatecolor animatemotion animatetransform circle clippath cursor defs desc discard ellipse feblend
    fecolormatrix fecomponenttransfer fecomposite feconvolvematrix fediffuselighting fedisplacementmap
    fedistantlight fedropshadow feflood fefunca fefuncb fefuncg fefuncr fegaussianblur feimage femerge
    femergenode femorphology feoffset fepointlight fespecularlighting fespotlight fetile feturbulence filter
    font-face foreignobject g glyph handler hatch hatchpath line lineargradient listener marker mask mesh
    meshgradient metadata mpath path pattern polygon polyline radialgradient rect set solidcolor stop switch
    symbol text textpath tref tspan unknown use view annotation annotation-xml maction maligngroup malignmark
    menclose merror mfenced mfrac mglyph mi mlabeledtr mmultiscripts mn mo mover mpadded mphantom mprescripts
    mroot mrow ms mscarries mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
    semantics
    """
)
# Attributes of HTML that stand without a value.
_VALUELESS = _words(
    """
    allowfullscreen async autofocus autoplay checked compact contenteditable controls default defer disabled
    download formnovalidate hidden href inert ismap itemscope loop multiple muted nomodule noshade novalidate
    nowrap open playsinline popover readonly required reversed selected src
    """
)

# What is known of a tag's attributes.
_SOME, _OPERATOR, _QUOTE, _HTML_ATTRIBUTE, _ACTING, _OPEN_QUOTE = 1, 2, 4, 8, 16, 32
_NEVER_ENDS = -1


def clean(text: str) -> str:
    """The text without HTML. What is clean stays as it is: clean(clean(x)) == clean(x)."""
    if "<" not in text:
        return text
    return _Cleaner(_without_scripts(text)).cleaned()


def _without_scripts(text: str) -> str:
    kept = []
    at = 0
    opened: dict[str, int] = {}
    for tag in _WITH_CONTENT.finditer(text):
        name = tag[2].lower()
        if not tag[1]:
            opened.setdefault(name, tag.start())
        elif name in opened:
            kept.append(text[at : opened[name]])
            at = tag.end()
            opened.clear()
    return "".join(kept) + text[at:]


class _Cleaner:
    """Goes through a text from its end, so that a `<` always meets what will follow it in the cleaned text.

    Places are told as the number of characters from there to the end: it stays the same as the text before it grows.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._right = ""
        # Tags overlap (`<a <b <c`): what was read from a place once is not read again, so that each is read once.
        self._names: list[int | None] = [None] * (len(text) + 1)
        self._attributes: list[tuple[int, int] | None] = [None] * (len(text) + 1)
        self._ended = {name.lower() for name in _END_TAG.findall(text)}
        self._draws = _DRAWING.search(text) is not None

    def cleaned(self) -> str:
        """What is left."""
        text = self._text
        end = len(text)
        while (at := text.rfind("<", 0, end)) >= 0:
            self._right = text[at:end] + self._right
            self._take_out(self._surplus(text[at - 1 : at]))
            end = at
        return text[:end] + self._right

    def _take_out(self, count: int) -> None:
        before = len(self._right)
        self._right = self._right[count:]
        forgotten = slice(before - count + 1, before + 1)
        self._names[forgotten] = [None] * count
        self._attributes[forgotten] = [None] * count

    def _surplus(self, before: str) -> int:
        """How many characters must go from where the cleaned part begins with `<`."""
        length = len(self._right)
        start = _NAME.match(self._right)
        if start is None or start[2] is None:
            return self._declaration()
        name_end = self._read_name(start)
        known = length - start.end() == name_end
        name = start[2].lower() if known else ""
        end, marks = self._read_attributes(name_end)
        whole = length if end == _NEVER_ENDS else length - end
        if name in _HTML or (self._draws and name in _DRAWN):
            if marks & (_HTML_ATTRIBUTE | _ACTING):
                return whole
            if start[1] or name in _READ_OTHERWISE:
                return start.end() if end == _NEVER_ENDS else whole
            if end != _NEVER_ENDS and not self._is_text(start, marks, before):
                return whole
        if marks & _ACTING and end != _NEVER_ENDS:
            return whole
        return 1 if marks & (_ACTING | _OPEN_QUOTE) else 0

    def _is_text(self, start: re.Match[str], marks: int, before: str) -> bool:
        """Whether what begins like an HTML element is a comparison or a type parameter."""
        written = start[2]
        if marks & _OPERATOR:
            return True
        if written.lower() in self._ended:
            return False
        if marks & _SOME:
            return not marks & _QUOTE
        after = self._right[start.end() : start.end() + 2]
        capitalised = written[0].isupper() and (len(written) == 1 or not written.isupper())
        identifier = before.isascii() and (before.isalnum() or before == "_")
        return (capitalised or written == "object") and after[:1] == ">" and (identifier or after == ">(")

    def _declaration(self) -> int:
        right = self._right
        if not right.startswith("<!--"):
            doctype = _DOCTYPE.match(right)
            return doctype.end() if doctype else 0
        # A parser closes a comment by `--!>` too, and `<!-->` is a whole one.
        ends = [at + len(mark) for mark, start in (("-->", 2), ("--!>", 4)) if (at := right.find(mark, start)) >= 0]
        return min(ends, default=len("<!--"))

    def _read_name(self, start: re.Match[str]) -> int:
        """Where the name ends of the tag that begins here. A parser takes a `<` into the name."""
        right = self._right
        length = len(right)
        end = None
        at = start.end()
        while end is None:
            run = _TO_END_OF_NAME.match(right, at)
            assert run
            at = run.end() + 1
            end = self._names[length - run.end()] if right[run.end() : at] == "<" else length - run.end()
        if not start[1]:
            self._names[length] = end
        return end

    def _read_attributes(self, place: int) -> tuple[int, int]:
        """Where the tag ends whose attributes begin at this place, or _NEVER_ENDS, and what is known of them."""
        right = self._right
        length = len(right)
        path: list[tuple[int, int]] = []
        while (known := self._attributes[place]) is None:
            step = _NEXT.match(right, length - place)
            assert step
            if step[2]:
                path.append((place, _marks(step[2], step[3])))
                place = length - step.end()
            else:
                self._attributes[place] = (length - step.end() if step[1] else _NEVER_ENDS, 0)
        end, marks = known
        for at, found in reversed(path):
            marks |= found
            self._attributes[at] = (end, marks)
        return end, marks


def _marks(name: str, value: str | None) -> int:
    if not value:
        if name.lower() in _VALUELESS:
            return _SOME | _HTML_ATTRIBUTE
        if '"' in name or "'" in name:
            return _SOME | _QUOTE
        return _SOME if value is None and _PLAIN_NAME.fullmatch(name) else _SOME | _OPERATOR
    marks = _SOME
    if value[0] in "\"'" and (len(value) == 1 or value[-1] != value[0]):
        marks |= _OPEN_QUOTE
    if _ACTS.match(name):
        marks |= _ACTING
    plain = _PLAIN_NAME.fullmatch(name) and value[0] != "="
    return marks | (_HTML_ATTRIBUTE if plain else _OPERATOR)
