"""Which usernames can be chosen, and which spellings are one."""

import re
import unicodedata

from chalicelib.core.wording import Wrong

_USERNAME = re.compile(r"[\w.-]{3,32}")


def normal(name: str) -> str:
    """One spelling for what looks the same: keyboards write `й` as one character or as two."""
    return unicodedata.normalize("NFKC", name)


def wrong_username(text: str) -> Wrong | None:
    """Why a username cannot be chosen."""
    if not _USERNAME.fullmatch(normal(text)):
        return Wrong("wrong_form", "must be 3 to 32 letters, digits, underscores, dots and hyphens")
    return None
