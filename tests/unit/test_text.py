"""What HTML's removal takes out of a message, and what it leaves as it was sent."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from chalicelib.features.messages import text
from chalicelib.features.messages.text import clean

KEPT = [
    "",
    "привет",
    "2 < 3 && 5 > 4",
    "<3",
    "I <3 you </3",
    "<- ->  <=> <<EOF >>> <% %> <>",
    "Tom & Jerry &amp; &lt;script&gt;alert(1)&lt;/script&gt; &#60;b&#62;",
    "std::vector<int>",
    "std::map<std::string, std::vector<int>> m;",
    "Map<String, List<Integer>>",
    "Map<String, Object> m = new HashMap<>();",
    "List<? extends Number> n; Class<?> c;",
    "List<T extends Foo>",
    "Vec<U>, Option<A>, Either<P, Q>, impl<S> Service<Request<Body>> for X<S>",
    "List<Object> a; List<object> b; Promise<Link>",
    "<T>(x: T) => x",
    "const f = <A>(x: A) => x",
    "template<typename T = int> struct X;",
    "a<b && c>d",
    "if (a<b && c==1 && e>f) return;",
    'if (a<b and c=="x" and e>f): pass',
    "when a<b then c>d",
    "если a<b и c=d, то e>f",
    "if (x<y) return;",
    "for(int i=0;i<n;i++){ s = \"x\"; t = 'y'; p->next = q; }",
    "#include <stdio.h>\nint main() { return 0; }",
    "a<!b; <?php echo 1; ?> <?xml version='1.0'?>",
    "<me@example.com> <https://example.com/?a=1&b=2>",
    "cd <path> && grep <text> <file>; curl -H 'Authorization: Bearer <api-key>'",
    '<bean id="x" class="y"><property name="z" value="1"/></bean>',
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "< script >alert(1)< /script >",
    "\u2028<\u2028script>\u00a0<\u00a0b>",
    # Names of attributes, where they are none or harmless.
    'plot(x, "b", style="dashed", data=y); url(href="https://example.com/"); button.onclick = f; once = 1;',
    "the handler onclick, and style: none",
]

# No `>` ends these; one in a later text would, and nothing would come of it.
UNENDED = ["0<a and speed=3", "a<b", "for (i=0;i<n;i++) x[i]<y;", "f(x)<g", ">_<", "I <3 you </3"]

TAKEN_OUT = [
    ("<b>bold</b> and <i>it</i>", "bold and it"),
    ("<p class='x'>one</p><br/><hr>two", "onetwo"),
    ('<a href="https://x.y">link</a>', "link"),
    ("<B\nID = x\r\n>bold</B\t>", "bold"),
    ("2 < 3 <b>so</b> 5 > 4", "2 < 3 so 5 > 4"),
    ("if (a<b) <b>then</b>", "if (a<b) then"),
    ("<b foo>x</b>", "x"),
    ("<button disabled>x", "x"),
    ("<script>alert(1)</script>Hello", "Hello"),
    ("a<STYLE media=x>b{}</style >c", "ac"),
    ("a<script>b", "ab"),
    ("a<script>b<style>c</script>d</style>e", "ade"),
    ("a<!-- <b>c</b> -->b", "ab"),
    ("a<!-->b<!--->c<!----!>d<!--e", "abcde"),
    ("<!DOCTYPE html><html><body>x</body></html>", "x"),
    ("<img src=x onerror=alert(1)>", ""),
    ("x<img src=x onerror=alert(1)", "x"),
    ("<img/src/onerror=alert(1)>", ""),
    ('<img alt="a>b" src=x>c', "c"),
    ('<IMG """><SCRIPT>alert("XSS")</SCRIPT>">', '">'),
    ("<a && href=javascript:alert(1)>x", "x"),
    ("<a x=javascript&colon;alert(1)>x", "x"),
    ("<scr<script>ipt>alert(1)</scr</script>ipt>", "ipt>"),
    ("<scr<script>ipt>alert(1)</script>hi", "hi"),
    ("x<im<style>g src=x</style>hi", "xhi"),
    ("</scr<script>a</script>hi", "hi"),
    # What no `>` ends would swallow what follows.
    ("<img", "< img"),
    ("how is <img written in HTML", "how is < img written in HTML"),
    ("<x y", "< x y"),
    ("a <b and c", "a < b and c"),
    ("a<b on", "a< b on"),
    ("a<b c/ST", "a< b c/ST"),
    ("<?php echo", "< ?php echo"),
    ("<!-", "< !-"),
    # What would be an attribute between quotes, or behind what was left open.
    ('" onclick=alert(1) x="', '"\u00a0onclick=alert(1) x="'),
    ("'onfocus = alert(1) autofocus", "'\u00a0onfocus = alert(1) autofocus"),
    ("x/onclick=alert(1)>", "x/\u00a0onclick=alert(1)>"),
    ('" href=java&Tab;script:alert(1) "', '"\u00a0href=java&Tab;script:alert(1) "'),
    ('" style="position:fixed" "', '"\u00a0style="position:fixed" "'),
    ("<<b>script>alert(1)<<b>/script>", "alert(1)"),
    ("<a<b onclick=alert(1)>z", "< az"),
    ("<x onclick=alert(1)>a</x>", "a</x>"),
    ("<x-y STYLE=color:red>a", "a"),
    ("<x y onmouseover = 'alert(1)'>a", "a"),
    ("cat <<EOT;\nonce = 1; a->b", "cat EOT;\nonce = 1; a->b"),
    ("<x && onclick=alert(1)>a", "x &&\u00a0onclick=alert(1)>a"),
    ("<x onclick=alert(1) ", "x\u00a0onclick=alert(1) "),
    ('<x y="', 'x y="'),
    ('<x a="<y c=" onclick=alert(1) d=">', 'x a="<y c="\u00a0onclick=alert(1) d=">'),
    ("<svg><g><text>a</text></g><set/></svg>", "a"),
    ("<math><mi>x</mi></math>", "x"),
    ("<title>a</title><textarea>b</textarea><xmp>c</xmp><plaintext>d", "abcd"),
    ("Vec<Script><U>", "Vec"),
    ("x<script", "x"),
    ("x</b", "x"),
    ("one<br>two<BR>three", "onetwothree"),
]


@pytest.mark.parametrize("sent", KEPT + UNENDED)
def test_plain_text_comes_back_exactly(sent: str) -> None:
    assert clean(sent) == sent


@pytest.mark.parametrize(("sent", "left"), TAKEN_OUT)
def test_html_is_taken_out(sent: str, left: str) -> None:
    assert clean(sent) == left
    assert clean(left) == left


def _words(listed: str) -> list[str]:
    return listed.split()


# Pieces of tags and of what is none; joined at random they make what nobody thinks of.
PIECES = _words("""
    < </ <! <!-- --> --!> <? > / = == " ' & ; : b U Vec object script
    </script> <script> <style> </style> <b> </b> <a <x
    img svg <svg <math> set style onclick href src=x style=x onclick=alert(1) href=javascript:a a="b" c='d' " = && -
    <!doctype textarea <textarea> plaintext title <i iframe template <p>
""")
SPACES = [" ", "\n", "\t", "\f", "\r", "\v", "\u2028", "\u212a", "\u017f"]
TEXTS = (
    st.lists(st.sampled_from(PIECES + SPACES), max_size=25).map("".join)
    | st.text(alphabet="<>/='\"! -abonscript\n&", max_size=60)
    | st.text()
)


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_what_is_clean_stays(sent: str) -> None:
    assert clean(clean(sent)) == clean(sent)


@given(st.text().filter(lambda sent: "<" not in sent))
def test_text_without_a_bracket_is_not_touched(sent: str) -> None:
    assert clean(sent) == sent


@given(st.lists(st.sampled_from(KEPT), max_size=6).map("\n".join))
def test_plain_texts_together_are_plain(sent: str) -> None:
    assert clean(f"{sent}\n") == f"{sent}\n"


# The next four are what an HTML parser of its own makes of a cleaned text.
NEVER = _words("script style iframe svg math template textarea title xmp plaintext noscript noembed noframes select")
LOADS = _words("href src srcdoc srcset action formaction data background poster ping target http-equiv content is")
HTML = NEVER + _words("a b i p img object input button form base link meta br div span video embed")


def _elements(cleaned: str) -> Iterator[tuple[str, dict[str, str | None]]]:
    tree = LexborHTMLParser(cleaned, is_fragment=True)
    if tree.root is None:
        return
    for node in tree.root.traverse(include_text=True):
        yield node.tag or "", dict(node.attributes)


def _dangers(cleaned: str) -> list[str]:
    """What in a cleaned text could do anything."""
    found = []
    for name, attributes in _elements(cleaned):
        if name in NEVER:
            found.append(name)
        for attribute, value in attributes.items():
            acts = re.match(r"on[a-z]|style$", attribute, re.ASCII) and value is not None
            # What begins with `=` is an address on the page's own site, and no script's.
            loads = name in HTML and attribute in LOADS and value and not value.startswith("=")
            if acts or loads:
                found.append(f"{name} {attribute}={value}")
    return found


@settings(max_examples=1000, deadline=None)
@given(TEXTS)
def test_nothing_that_acts_is_left(sent: str) -> None:
    assert _dangers(clean(sent)) == []


@settings(max_examples=500, deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_nothing_acts_in_a_list_of_messages(sent: list[str]) -> None:
    page = "".join(f"<li>{clean(each)}</li>\n" for each in sent)
    assert _dangers(page) == []


def _handlers(page: str) -> list[str]:
    """What in a page would run, if the page itself has none."""
    return [
        f"{name} {attribute}={value}"
        for name, attributes in _elements(page)
        for attribute, value in attributes.items()
        if (re.fullmatch(r"on[a-z]{2,}|srcdoc", attribute, re.ASCII) and value is not None)
        or (attribute in LOADS and re.match(r"\s*(javascript|vbscript|data):", value or "", re.IGNORECASE))
    ]


PARTS = [
    *PIECES,
    *SPACES,
    *_words("on click onfocus= =alert(1) o nclick=a st yle=x:y h ref=javascript:a a<b x< ipt>"),
]
FRAGMENTS = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)
# What text a page may put a message into.
PAGES = (
    '<p title="{}">x</p>',
    "<p title='{}'>x</p>",
    '<img alt="{}">',
    '<a title="{}" href="/">x</a>',
    "<a href='/?{}'>x</a>",
)


@settings(max_examples=1000, deadline=None)
@given(TEXTS | FRAGMENTS, st.sampled_from(PAGES))
def test_nothing_acts_in_the_quotes_of_an_attribute(sent: str, page: str) -> None:
    assert _handlers(page.replace("{}", clean(sent))) == []


@settings(max_examples=1500, deadline=None)
@given(TEXTS | FRAGMENTS, TEXTS | FRAGMENTS, st.sampled_from(["", " ", "\n", "<br>"]))
def test_nothing_acts_where_one_text_follows_another(first: str, second: str, between: str) -> None:
    assert _handlers(f"<p>{clean(first)}{between}{clean(second)}</p><p>x</p>") == []


def test_the_oracles_see_what_runs_there() -> None:
    assert _handlers(PAGES[0].replace("{}", '" onclick=alert(1) x="'))
    assert _handlers(PAGES[3].replace("{}", '" href=javascript:alert(1) x="'))
    assert _handlers("a<b" + " onclick=alert(1)>")


@pytest.mark.parametrize("name", HTML)
def test_an_element_is_taken_out_however_it_is_written(name: str) -> None:
    for tag in (
        f"<{name}>",
        f"<{name.upper()}/>",
        f"<{name}\n>",
        f"<{name} id=x>",
        f"<{name}/title='>'>",
        f"</{name}\f>",
    ):
        assert clean(f"1 {tag} 2") == "1  2"


def test_the_oracle_sees_what_was_not_cleaned() -> None:
    assert all(
        _dangers(sent) for sent in ("<b onclick=x>", "<iframe>", "<a href=x>", "<li><y a='</li><li>' onfocus=x></li>")
    )


ADVERSARIAL = [
    *_words("< <a< <b <script> <!-- </b <b>< Vec<U> <a/ <svg/ <p><b <style </ <x/a= <x/a=< <a/== <a/b=<c/d= <<b>"),
    *(
        "<a ",
        "<script ",
        "<!-- x",
        "</b ",
        "<img ",
        "<a =",
        "<x on",
        "x<y ",
        "<x;y a=1 ",
        "<!doctype ",
        "< ",
        "<svg\n",
    ),
    *('<x a="', "<x a='<y b=\"", '<x a="b" ', "<x a = ", "<x a='b' onclick=", "<x / / ", "<x a a", '<i<n; s="a";'),
    *("</b " * 1000 + "x" + " " * 6000, "<x" + " " * 9998, "<b>" * 1600 + "y" * 5000, '<x a="' + "<y b='c " * 1200),
]


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_reading_takes_few_steps_a_character(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0

    class Counted:
        """A pattern that counts the characters it goes over."""

        def __init__(self, pattern: re.Pattern[str]) -> None:
            self.pattern = pattern

        def match(self, string: str, at: int = 0) -> re.Match[str] | None:
            nonlocal steps
            found = self.pattern.match(string, at)
            steps += 1 + (found.end() - at if found else 0)
            return found

    for name in ("_NAME", "_BETWEEN", "_ATTRIBUTE"):
        monkeypatch.setattr(text, name, Counted(getattr(text, name)))
    sent = (piece * 10_000)[:10_000]
    clean(sent)
    assert steps <= 10 * len(sent)
    clean(f"{sent}>")
    clean(f'{sent}">')
    assert steps <= 30 * len(sent)
