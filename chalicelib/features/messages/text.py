"""HTML is taken out of message text, and nothing else is touched.

A tag begins where an HTML parser begins one, at `<` or `</` and a letter, and reaches as far as the parser reads.
Taken out are:

1. the tags of HTML elements, and of SVG's and MathML's in a text that has an `<svg>` or a `<math>`;
2. tags of any other name that have a handler or a style (`onclick=`, `style=`);
3. comments and doctypes;
4. `script` and `style` elements with what is in them. Of all other elements the text stays.

Three things that begin like an element of HTML are text all the same, but for the names in `_READ_OTHERWISE`:

1. a type parameter (`Vec<U>`, `List<Object>`, `List<object>`, `<A>(x: A)`): capitalised, or `object`; before it is an
   identifier or after it a bracket; the text has no end tag of that name;
2. a comparison (`a<b && c>d`): no attribute of HTML follows the name, but an operator, or words in a text that has no
   end tag of that name;
3. what no `>` ends (`a<b and c=d`), where no attribute follows that leads anywhere (`href=`).

A tag of HTML that no `>` ends goes with all that follows. Of what looks like code, only the `<` goes: where the name
is not HTML's, and there is an operator beside the handler, or no `>` follows and the text ends in a handler or in
quotes (these would read on into what a page puts after the text). What a script that is taken out was put into
(`<scr<script>…</script>ipt`) goes with it.

Any other `<` that would begin a tag and that no `>` ends gets a space behind it: it would swallow what a page puts
after the text. Only a comparison (`if (a<b)`) stays, if the text does not end in the beginning of an attribute that
acts. What acts between the quotes of an attribute, or behind another text, is set apart by handlers.py.

So code loses the HTML in it, and JSX its tags with handlers. `std::vector<int>`, `#include <stdio.h>`, XML with names
of its own and `&lt;b&gt;` come back as sent: a browser takes them for text, or for elements that it does not know.
"""

import re
from bisect import bisect_right

from chalicelib.features.messages import handlers

_S = r"\t\n\f\r "
_NAME = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]{0,30}+)?")
_BETWEEN = re.compile(rf"[{_S}/]{{1,16}}+")
_ATTRIBUTE = re.compile(rf"(=?[^{_S}/>=]*+)([{_S}]*+=[{_S}]*+)?")
_PLAIN_NAME = re.compile(r"[A-Za-z][\w:.-]*", re.ASCII)
_WITH_CONTENT = re.compile(rf"<(/?)(script|style)(?![^{_S}/>])[^>]*+>?", re.IGNORECASE)
# What stands before a script, and is the beginning of a tag all the same.
_CUT_TAG = re.compile(rf"</?[A-Za-z][^{_S}<>]{{0,30}}\Z")
_END_TAG = re.compile(r"</([A-Za-z][A-Za-z0-9]*)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements of HTML: of today, of the past, and on trial in browsers.
_HTML = _words(
    """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote
    body br button canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div
    dl dt em embed fencedframe fieldset figcaption figure font footer form frame frameset geolocation h1 h2 h3
    h4 h5 h6 head header hgroup hr html i iframe image img input ins install isindex kbd keygen label layer
    legend li link listing main map mark marquee math menu menuitem meta meter nav nobr noembed noframes
    noscript object ol optgroup option output p param permission picture plaintext portal pre progress q rb rp
    rt rtc ruby s samp script search section select selectedcontent slot small source spacer span strike strong
    style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul
    usermedia var video wbr xmp
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
# Attributes that make an element of HTML load, lead or do something.
_LEADING = _words(
    """
    action archive background classid code codebase command commandfor content data dynsrc formaction href
    http-equiv icon imagesrcset interestfor is longdesc lowsrc manifest object ping popovertarget poster profile
    src srcdoc srcset target usemap xlink:href
    """
)
# Attributes that tell how it looks or what it is.
_DESCRIBING = _words(
    """
    abbr accept accesskey align alink alt axis behavior bgcolor border cellpadding cellspacing char charset cite
    class clear color cols colspan coords datetime dir direction draggable enctype face for form frame
    frameborder headers height hreflang hspace id itemid itemprop itemtype kind label lang language link list
    loading marginheight marginwidth max maxlength media method min name noshade pattern placeholder rel rev
    role rows rowspan rules sandbox scope scrolling shape size sizes slot span spellcheck start step summary
    tabindex text title translate type valign value vlink vspace width wrap xmlns
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
_SOME, _OPERATOR, _QUOTE, _DESCRIPTION, _LEAD, _ACTION, _OPEN_QUOTE = 1, 2, 4, 8, 16, 32, 64
_NEVER_ENDS = -1
# Instead of a number of characters: none goes, but the `<` is set apart from what follows.
_APART = -1
_QUOTES = {"'", '"'}
# What begins a comment that no author means.
_BOGUS = {"!", "?"}


def clean(text: str) -> str:
    """The text without HTML. What is clean stays as it is: clean(clean(x)) == clean(x)."""
    if "<" in text:
        text = _Cleaner(_without_scripts(text)).cleaned()
    return handlers.set_apart(text)


def _without_scripts(text: str) -> str:
    kept = []
    at = 0
    opened: dict[str, int] = {}
    for tag in _WITH_CONTENT.finditer(text):
        name = tag[2].lower()
        if not tag[1]:
            opened.setdefault(name, tag.start())
        elif name in opened:
            kept.append(_CUT_TAG.sub("", text[at : opened[name]]))
            at = tag.end()
            opened.clear()
    return "".join(kept) + text[at:]


class _Cleaner:
    """Goes through a text from its end, so that a `<` always meets what will follow it in the cleaned text.

    Places are told as the number of characters from there to the end: it stays the same as the text before it grows.
    Tags overlap (`<a <b <c`): what was read from a place is kept, or text would be read again for each of them.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._right = ""
        # Where a value without quotes may end, and where else a name may; in ascending order.
        self._value_ends: list[int] = []
        self._slashes: list[int] = []
        # By place: where the tag ends whose attributes begin there, or _NEVER_ENDS, and what is known of them.
        self._attributes: list[tuple[int, int] | None] = [None] * (len(text) + 1)
        self._ended = {name.lower() for name in _END_TAG.findall(text)}
        self._draws = any(name in text.lower() for name in ("<svg", "<math"))

    def cleaned(self) -> str:
        """What is left."""
        text = self._text
        end = len(text)
        while (at := text.rfind("<", 0, end)) >= 0:
            self._put_before(text[at:end])
            surplus = self._surplus(text[at - 1 : at])
            if surplus == _APART:
                self._set_apart()
            elif surplus:
                self._take_out(surplus)
            end = at
        return text[:end] + self._right

    def _put_before(self, part: str) -> None:
        self._right = part + self._right
        length = len(self._right)
        self._value_ends += [length - at for at, character in enumerate(part) if character in "\t\n\f\r >"][::-1]
        self._slashes += [length - at for at, character in enumerate(part) if character == "/"][::-1]

    def _take_out(self, count: int) -> None:
        self._right = self._right[count:]
        length = len(self._right)
        for places in (self._value_ends, self._slashes):
            del places[bisect_right(places, length) :]
        self._attributes[length + 1 : length + count + 1] = [None] * count

    def _set_apart(self) -> None:
        self._take_out(1)
        self._attributes.append(None)
        self._put_before("< ")

    def _surplus(self, before: str) -> int:
        """How many characters must go from where the cleaned part begins with `<`, or _APART."""
        length = len(self._right)
        start = _NAME.match(self._right)
        if start is None or start[2] is None:
            return self._declaration()
        name_end = max(_first(self._value_ends, length), _first(self._slashes, length - start.start(2)))
        name = start[2].lower() if length - start.end() == name_end else ""
        end, marks = self._read_attributes(name_end)
        ends = end != _NEVER_ENDS
        whole = length - end if ends else length
        if name in _HTML or (self._draws and name in _DRAWN):
            if marks & (_LEAD | _ACTION):
                return whole
            if start[1] or name in _READ_OTHERWISE:
                return whole if ends else start.end()
            if ends and not self._is_text(start, marks, before):
                return whole
        if marks & (_ACTION | _OPEN_QUOTE):
            element = _PLAIN_NAME.fullmatch(self._right, start.start(2), length - name_end)
            return whole if ends and element and not marks & _OPERATOR else 1
        return 0 if ends or self._compares(before) else _APART

    def _compares(self, before: str) -> bool:
        """Whether a `<` behind this, which no `>` ends, is an operator; whatever text follows, it cannot act."""
        return (before.isalnum() or before in {"_", ")", "]"}) and not handlers.may_become_one(self._right)

    def _is_text(self, start: re.Match[str], marks: int, before: str) -> bool:
        """Whether what begins like an element of HTML is a comparison or a type parameter."""
        written = start[2]
        name = written.lower()
        if name not in _HTML or marks & _DESCRIPTION:
            return False
        if marks & _OPERATOR:
            return True
        if name in self._ended:
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
            if right[:9].lower() == "<!doctype":
                return right.find(">") + 1 or len(right)
            return _APART if right[1:2] in _BOGUS and ">" not in right else 0
        # A parser closes a comment by `--!>` too, and `<!-->` is a whole one.
        ends = [at + len(mark) for mark, start in (("-->", 2), ("--!>", 4)) if (at := right.find(mark, start)) >= 0]
        return min(ends, default=len("<!--"))

    def _read_attributes(self, place: int) -> tuple[int, int]:
        """Where the tag ends whose attributes begin at this place, or _NEVER_ENDS, and what is known of them."""
        right = self._right
        length = len(right)
        path: list[tuple[int, int]] = []
        while (known := self._attributes[place]) is None:
            at = length - place
            if place == 0:
                self._attributes[place] = (_NEVER_ENDS, 0)
            elif right[at] == ">":
                self._attributes[place] = (place - 1, 0)
            elif between := _BETWEEN.match(right, at):
                path.append((place, 0))
                place = length - between.end()
            else:
                after, marks = self._read_attribute(at)
                path.append((place, marks))
                place = after
        end, marks = known
        for at, found in reversed(path):
            marks |= found
            self._attributes[at] = (end, marks)
        return end, marks

    def _read_attribute(self, at: int) -> tuple[int, int]:
        """The place after the attribute that begins here, and what is known of it."""
        right = self._right
        attribute = _ATTRIBUTE.match(right, at)
        assert attribute
        end = attribute.end()
        if not attribute[2]:
            return len(right) - end, _marks(attribute[1], None)
        if right[end : end + 1] in _QUOTES:
            after = right.find(right[end], end + 1) + 1 or len(right)
        else:
            after = len(right) - _first(self._value_ends, len(right) - end)
        return len(right) - after, _marks(attribute[1], right[end:after])


def _first(places: list[int], place: int) -> int:
    """The first of these at or after a place, or the end."""
    found = bisect_right(places, place)
    return places[found - 1] if found else 0


def _marks(name: str, value: str | None) -> int:
    plain = _PLAIN_NAME.fullmatch(name) is not None
    known = name.lower()
    marks = _SOME
    if value is not None and (known == "style" or (known[:2] == "on" and known[2:3].isalpha())):
        marks |= _ACTION
    if value is not None and not value.startswith("=") and known in _LEADING:
        marks |= _LEAD
    if not value:
        if known in _VALUELESS:
            return marks | _DESCRIPTION
        if '"' in name or "'" in name:
            return marks | _QUOTE
        return marks if plain and value is None else marks | _OPERATOR
    quoted = value[0] in _QUOTES
    if quoted and (len(value) == 1 or value[-1] != value[0]):
        marks |= _OPEN_QUOTE
    if not plain or value[0] == "=":
        return marks | _OPERATOR
    # A script's address cannot be written without these two, whatever attributes are still to come.
    if ":" in value or "&" in value:
        marks |= _LEAD
    if quoted or known in _DESCRIBING:
        marks |= _DESCRIPTION
    return marks
