"""Every emoji of Unicode is one, in whatever form keyboards send it, and nothing else is."""

from pathlib import Path

import msgspec
import pytest

from chalicelib.features.messages.emoji import Emoji, qualified
from local.unicode_data import UNICODE

_LIST = Path(__file__).with_name("emoji.txt").read_text(encoding="utf-8").splitlines()
UNICODES = [line for line in _LIST if not line.startswith("# ")]
TONES = [chr(0x1F3FB + number) for number in range(5)]
COLOURED = "\ufe0f"


def _is_emoji(text: str) -> bool:
    try:
        msgspec.convert(text, Emoji)
    except msgspec.ValidationError:
        return False
    return True


def _forms(emoji: str) -> set[str]:
    """As keyboards send it: bare, with a selector at its end, and before and behind each skin tone."""
    bare = toned = emoji.replace(COLOURED, "")
    for tone in TONES:
        toned = toned.replace(tone, COLOURED + tone + COLOURED)
    return {emoji, bare, toned, f"{bare}{COLOURED}"}


def test_the_list_is_of_the_version_that_the_product_knows() -> None:
    assert f"Unicode {UNICODE}," in _LIST[0]
    assert len(UNICODES) > 3900
    assert {"🫩", "\U0001faea", "\U0001faef"} <= set(UNICODES)


def test_every_emoji_of_unicode_is_one_in_every_form() -> None:
    refused = [form for emoji in UNICODES for form in _forms(emoji) if not _is_emoji(form)]
    assert refused == []


def test_all_forms_are_one_and_it_is_unicodes_qualified_one() -> None:
    others = {form: qualified(form) for emoji in UNICODES for form in _forms(emoji) if qualified(form) != emoji}
    assert others == {}
    assert all(_is_emoji(qualified(emoji)) for emoji in UNICODES)


def test_different_emoji_stay_different() -> None:
    assert len({qualified(emoji) for emoji in UNICODES}) == len(UNICODES)
    assert qualified("👍🏽") != qualified("👍🏾") != qualified("👍")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("❤", "❤️"),
        ("❤️", "❤️"),
        ("❤\ufe0e", "❤️"),
        ("☝🏾\ufe0f", "☝🏾"),
        ("☝\ufe0f🏾", "☝🏾"),
        ("👍\ufe0f", "👍"),
        ("1\u20e3", "1️⃣"),
        ("#\u20e3\ufe0f", "#️⃣"),
        ("🇩🇪\ufe0f", "🇩🇪"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("❤‍🔥", "❤️‍🔥"),
        ("👁‍🗨", "👁️‍🗨️"),
        ("🕵🏽\ufe0f‍♀", "🕵🏽‍♀️"),
        # Several families of skin tones are no emoji of Unicode's list, and keyboards send them.
        ("👩🏽‍👩🏽‍👧🏽‍👦🏽", "👩🏽‍👩🏽‍👧🏽‍👦🏽"),
    ],
)
def test_what_keyboards_send(sent: str, meant: str) -> None:
    assert _is_emoji(sent)
    assert qualified(sent) == meant


def test_emoji_of_the_coming_years_are_taken() -> None:
    assert _is_emoji("\U0001faff")
    assert _is_emoji("\U0001faff\U0001f3fd")


@pytest.mark.parametrize(
    "text", ["🀀", "✄", "♔", "①", "→", "🎉🏽", "🇩🇪🏽", "🏽", "❤\ufe0f\ufe0f", "\ufe0f❤", "1\ufe0f", "0"]
)
def test_symbols_that_are_no_emoji_are_none(text: str) -> None:
    assert not _is_emoji(text)
