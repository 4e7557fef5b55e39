"""Snippets: the piece of a found message around what was looked for, with what matches marked.

What matches is what the SQL function `search_terms` looks for, met here in the text itself, with its case, accents
and punctuation. A snippet is a list of pieces, so that no client has to count characters or to escape.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from chalicelib.features.messages.kinds import message_words
from chalicelib.realtime.shapes import Message, Users

# Characters of a snippet, and how many of them stand before the first match.
_LENGTH = 200
_BEFORE = 60

_APOSTROPHES = "['’‘ʼ`]*"
# Of a word that begins as is wanted: its other letters, or what joins and colours an emoji.
_REST = r"(?:['’‘ʼ`]?[^\W_]|[\U0001F3FB-\U0001F3FF]|\u200d.)*"
_BETWEEN_DIGITS = r"[ \u00A0().\-/\u2010-\u2015\u2212]{0,3}"
_WANTED = re.compile(r"'@(#?)([^']+)'(:\*)?")
# Letters that have no accent to take off, as in the SQL function `folded`.
_STROKES = dict(zip("øłđħŧðıŀґ", "oldhtdilг", strict=True)) | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}


class SnippetPiece(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A piece of a snippet's text."""

    text: str
    is_match: bool


class FoundMessage(Message, frozen=True, kw_only=True, rename="camel"):
    """A message that was looked for."""

    snippet: Annotated[
        list[SnippetPiece],
        Meta(description="some 200 characters of the text around the first match; `…` stands for what is left out"),
    ]


class FoundMessages(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of the messages that were found."""

    messages: list[FoundMessage]
    users: Users
    has_more: bool
    next_cursor: str | None


def words_in(terms: str) -> re.Pattern[str]:
    """Finds in a folded text what `search_terms` looks for."""
    wanted = [_pattern(word, is_phone=bool(sign), is_start=bool(more)) for sign, word, more in _WANTED.findall(terms)]
    return re.compile("|".join(sorted(set(wanted), key=len, reverse=True)))


def with_snippet(message: Message, looked_for: re.Pattern[str]) -> FoundMessage:
    """The message with its snippet."""
    return FoundMessage(**msgspec.structs.asdict(message), snippet=snippet(message_words(message), looked_for))


def snippet(content: str, looked_for: re.Pattern[str]) -> list[SnippetPiece]:
    """The piece of a text around the first match, and in it each match by itself. Nothing of no text."""
    matches = _matches(content, looked_for)
    start, end = _window(content, matches)
    matches = [(max(first, start), min(last, end)) for first, last in matches if first < end and last > start]
    edges = [start, *(edge for match in matches for edge in match), end]
    texts = [content[first:last] for first, last in pairwise(edges)]
    texts[0] = ("…" if start else "") + texts[0]
    texts[-1] += "…" if end < len(content) else ""
    return [SnippetPiece(text=text, is_match=bool(place % 2)) for place, text in enumerate(texts) if text]


def _pattern(word: str, *, is_phone: bool, is_start: bool) -> str:
    if is_phone:
        return rf"\+?(?:\d{_BETWEEN_DIGITS}){{0,5}}?{_BETWEEN_DIGITS.join(word)}(?:{_BETWEEN_DIGITS}\d)*"
    *letters, last = [r"(?:[^\w\s]|_)+" if letter == "." else re.escape(letter) for letter in word]
    # The English stems of happy and of hoping: happi, hope.
    last = {"i": "[iy]", "e": "(?:e|ing)"}.get(last, last) if letters else last
    return _APOSTROPHES.join([*letters, last]) + (_REST if is_start else r"(?![^\W_])")


def _matches(content: str, looked_for: re.Pattern[str]) -> list[tuple[int, int]]:
    folded, places = _folded(content)
    found = []
    at = 0
    while match := looked_for.search(folded, at):
        at = match.end()
        if _is_beginning(content, folded, places, match.start()):
            found.append((places[match.start()], places[at]))
        else:
            at = match.start() + 1
    return found


def _is_beginning(content: str, folded: str, places: list[int], at: int) -> bool:
    """Whether a word begins here, or a part of one: a digit after a letter, a capital after a small letter."""
    if at == 0:
        return True
    before, after = folded[at - 1], folded[at]
    if not (before.isalnum() and after.isalnum()) or before.isdigit() is not after.isdigit():
        return True
    return content[places[at]].isupper() and content[places[at - 1]].islower()


def _folded(content: str) -> tuple[str, list[int]]:
    """The text as it is looked through, and where in the content each character of it is, and the content's end."""
    if content.isascii():
        return content.lower(), list(range(len(content) + 1))
    folds = [_fold(character) for character in content]
    places = [place for place, fold in enumerate(folds) for _ in fold]
    return "".join(folds), [*places, len(content)]


@cache
def _fold(character: str) -> str:
    lowered = character.lower()
    if character in "\ufe0e\ufe0f":
        return ""
    if lowered == "й" or (character > "\x7f" and unicodedata.category(character)[0] == "S"):
        return lowered
    plain = unicodedata.normalize("NFKD", lowered)
    return "".join(_STROKES.get(each, each) for each in plain if not unicodedata.combining(each))


def _window(content: str, matches: list[tuple[int, int]]) -> tuple[int, int]:
    """Where the snippet begins and ends: between words, where there are any."""
    first, last = matches[0] if matches else (0, 0)
    start = max(0, first - _BEFORE)
    if start:
        spaces = [place + 1 for place in range(start - 1, first) if content[place].isspace()]
        start = spaces[0] if spaces else start
    end = min(len(content), start + _LENGTH)
    if end < len(content) and not content[end].isspace():
        spaces = [place for place in range(max(last, start + 1), end) if content[place].isspace()]
        end = spaces[-1] if spaces else end
    return start, end
