"""Names that people see: what is taken out of them, and which of them nobody could see."""

import unicodedata

from chalicelib.core.faults import CHECK, CLEAN
from chalicelib.core.wording import Wrong

# Marks that turn the direction of reading: with one of them `gpj.exe` looks like `exe.jpg`.
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters and symbols by their category, which show nothing.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\U0001d159")
# Categories of what shows nothing: controls, formats, separators, marks without a letter, what is not assigned.
_UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Mn", "Me"}


def cleaned(text: str) -> str:
    """The text without control characters and without marks that change the direction of reading."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(sign for sign in text if not _is_taken_out(sign))


def wrong_name(text: str) -> Wrong | None:
    """Why nobody could see this name. An empty one is for its type to refuse."""
    if text and not any(_is_seen(sign) for sign in text):
        return Wrong("wrong_form", "must have a visible character")
    return None


def _is_taken_out(sign: str) -> bool:
    return sign in _DIRECTIONS or unicodedata.category(sign) in {"Cc", "Zl", "Zp"}


def _is_seen(sign: str) -> bool:
    return sign not in _BLANK and unicodedata.category(sign) not in _UNSEEN


# What the type of a name says of itself.
NAME = {CHECK: wrong_name, CLEAN: cleaned}
