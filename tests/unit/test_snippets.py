"""A snippet shows where a message matches: which words are marked, and which part of a long text is shown."""

import pytest

from chalicelib.features.messages.snippets import snippet, words_in


def _marked(content: str, terms: str) -> str:
    """The snippet as one text, with brackets around what is marked."""
    pieces = snippet(content, words_in(terms))
    assert all(piece.text for piece in pieces)
    return "".join(f"[{piece.text}]" if piece.is_match else piece.text for piece in pieces)


@pytest.mark.parametrize(
    ("content", "terms", "marked"),
    [
        ("Пьём кофе в Café, в CAFÉS", "'@cafe':*", "Пьём кофе в [Café], в [CAFÉS]"),
        ("Zoe\u0308 was", "'@zoe':*", "[Zoe\u0308] was"),
        ("О встречах, о Встрече", "'@встреч':*", "О [встречах], о [Встрече]"),
        ("Ёлка, йод", "'@елк':* & '@йод':*", "[Ёлка], [йод]"),
        ("+7 (921) 123-45-67, да", "('@#9211234567':* | '@9211234567':*)", "[+7 (921) 123-45-67], да"),
        ("I don’t, dont, donut", "'@dont'", "I [don’t], [dont], donut"),
        ("the theatre", "'@the'", "[the] theatre"),
        ("v1.2.3 and 11.2.3", "'@1.2.3':*", "v[1.2.3] and 11.2.3"),
        ("a foo_bar-baz", "'@foo.bar':*", "a [foo_bar]-baz"),
        ("C++ and C", "'@c++':*", "[C++] and C"),
        ("getUserName, surname", "'@name':*", "getUser[Name], surname"),
        ("❤️ and 👍🏽 and 👨‍👩‍👧", "'@❤':* & '@👍':* & '@👨':*", "[❤️] and [👍🏽] and [👨‍👩‍👧]"),
        ("happy happily", "('@happi':* | '@happiness':*)", "[happy] [happily]"),
        ("hoping", "('@hope':* | '@hopes':*)", "[hoping]"),
        ("Straße <b> & x", "'@strass':* & '@b':*", "[Straße] <[b]> & x"),
        ("nothing of it", "'@elsewhere':*", "nothing of it"),
        ("", "'@elsewhere':*", ""),
    ],
)
def test_each_match_is_marked_as_it_is_written(content: str, terms: str, marked: str) -> None:
    assert _marked(content, terms) == marked


def test_a_long_text_is_shown_around_its_first_match() -> None:
    text = "before " * 100 + "first word " + "after " * 100
    marked = _marked(text, "'@first':*")
    assert "before [first] word after" in marked
    assert marked.startswith("…before")
    assert marked.endswith("after…")
    assert 150 < len(marked) <= 204


def test_a_text_without_spaces_is_cut_anywhere() -> None:
    assert _marked("x" * 1_000, "'@x':*") == f"[{'x' * 200}]…"
    assert len(_marked("x" * 1_000 + ".end", "'@end':*")) < 204


def test_no_text_takes_long_to_mark() -> None:
    """What makes a regular expression go back and forth."""
    for text, terms in (
        ("1 " * 5_000, "('@#9999999999':* | '@9':*)"),
        ("a'" * 5_000, "'@aaaaaaaaab':*"),
        ("a." * 5_000, "'@a.a.a.a.a.b':*"),
    ):
        assert _marked(text, terms).endswith("…")
