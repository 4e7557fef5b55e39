"""What counts as one emoji: UTS #51's sequences, by their form and Unicode's data."""

import re
from functools import cache
from typing import Annotated

from msgspec import Meta

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import DOCUMENTED_PATTERN
from chalicelib.features.messages.emoji_data import PICTURES, TEXT_STYLE, TONED

_TONE = "[\U0001f3fb-\U0001f3ff]"
_KEYCAP = "\u20e3"
# Keyboards send a variation selector also where none belongs: behind a skin tone, before it, behind a flag.
_VARIANT = "[\ufe0e\ufe0f]?"
_PICTURE = f"(?:[{TONED}]{_VARIANT}{_TONE}|[{PICTURES}]){_VARIANT}"
# A flag, a keycap, or pictures joined into one, the first perhaps with a region's tags.
_EMOJI = (
    f"^(?:[\U0001f1e6-\U0001f1ff]{{2}}{_VARIANT}|[0-9#*]{_VARIANT}{_KEYCAP}{_VARIANT}"
    f"|{_PICTURE}(?:[\U000e0020-\U000e007e]{{1,8}}\U000e007f{_VARIANT})?(?:\u200d{_PICTURE}){{0,5}})(?![\\s\\S])"
)
# What the documents say is wider, so that it means the same in every dialect of expressions, in JavaScript's also
# without its `u`: that one cannot name what is beyond U+FFFF. So it names what is not in the blocks of emoji.
_DOCUMENTED = (
    r"^(?:[0-9#*][\ufe0e\ufe0f]?\u20e3[\ufe0e\ufe0f]?"
    r"|[^\u0000-\u00a8\u00aa-\u00ad\u00af-\u200c\u200e-\u203b\u3300-\ud7ff\ue000-\ufe0d\ufe10-\uffff]+)(?![\s\S])"
)
Emoji = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=24,
        pattern=_EMOJI,
        description="one emoji, with or without variation selectors",
        extra={TOLD: "must be one emoji"},
        extra_json_schema={DOCUMENTED_PATTERN: _DOCUMENTED},
    ),
]


@cache
def _shown_as_text() -> re.Pattern[str]:
    return re.compile(f"[{TEXT_STYLE}](?!{_TONE})|[0-9#*](?={_KEYCAP})")


def qualified(emoji: str) -> str:
    """The one form of an emoji that stands for all of them, Unicode's `fully-qualified` one: ❤️ for ❤ too."""
    bare = emoji.replace("\ufe0f", "").replace("\ufe0e", "")
    return _shown_as_text().sub("\\g<0>\ufe0f", bare)
