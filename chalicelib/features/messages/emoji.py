"""What counts as one emoji: UTS #51's sequences, by their form."""

from typing import Annotated

from msgspec import Meta

from chalicelib.core.ids import DOCUMENTED_PATTERN

# Blocks into which new emoji come are taken whole: each year has some that this code would not know.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff\U0001f170\U0001f171\U0001f17e"
    "\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f250\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]?"
)
# A flag, a keycap, or pictures joined into one, the first perhaps with a region's tags.
_EMOJI = (
    "^(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    f"|{_PICTURE}(?:[\U000e0020-\U000e007e]+\U000e007f)?(?:\u200d{_PICTURE})*)(?![\\s\\S])"
)
# What the documents say is wider, so that it means the same in every dialect of expressions, in JavaScript's also
# without its `u`: that one cannot name what is beyond U+FFFF. So it names what is not in the blocks of emoji.
_DOCUMENTED = (
    r"^(?:[0-9#*]\ufe0f?\u20e3"
    r"|[^\u0000-\u00a8\u00aa-\u00ad\u00af-\u200c\u200e-\u203b\u3300-\ud7ff\ue000-\ufe0e\ufe10-\uffff]+)(?![\s\S])"
)
Emoji = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=16,
        pattern=_EMOJI,
        description="one emoji",
        extra_json_schema={DOCUMENTED_PATTERN: _DOCUMENTED},
    ),
]
