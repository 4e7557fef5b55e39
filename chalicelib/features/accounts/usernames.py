"""Which usernames can be chosen, and which spellings are one."""

import re
import unicodedata

from chalicelib.core.wording import Wrong

_USERNAME = re.compile(r"[\w.-]{3,32}")
# They could be taken for the service itself, for everybody in a chat, or for a path of the API.
RESERVED = frozenset(
    [
        *("all", "anonymous", "api", "channel", "deleted", "everyone", "health", "help", "here", "login", "logout"),
        *("me", "messenger", "moderator", "moderators", "nobody", "notification", "notifications", "null"),
        *("official", "register", "root", "search", "security", "service", "settings", "support", "system"),
        *("undefined", "unknown", "user", "users"),
    ]
)
# Scripts that one language writes together.
_TOGETHER = {"HIRAGANA": "CJK", "KATAKANA": "CJK", "KATAKANA-HIRAGANA": "CJK", "HANGUL": "CJK", "BOPOMOFO": "CJK"}


def normal(name: str) -> str:
    """One spelling for what looks the same: keyboards write `й` as one character or as two."""
    return unicodedata.normalize("NFKC", name)


def wrong_username(text: str) -> Wrong | None:
    """Why a username cannot be chosen."""
    name = normal(text)
    if not _USERNAME.fullmatch(name):
        return Wrong("wrong_form", "must be 3 to 32 letters, digits, underscores, dots and hyphens")
    if not any(character.isalnum() for character in name):
        return Wrong("wrong_form", "must have a letter or a digit")
    if is_of_several_scripts(name):
        return Wrong("wrong_form", "must be of one alphabet: its letters are of several")
    if is_reserved(name):
        return Wrong("reserved", "is reserved: choose another name")
    return None


def is_reserved(name: str) -> bool:
    """Whether nobody may have this name."""
    return name.lower().strip("_.-") in RESERVED


def is_of_several_scripts(name: str) -> bool:
    """Whether the letters of a name are of several alphabets, of which one may be there to imitate the other."""
    return len({_script(character) for character in name if character.isalpha()}) > 1


def _script(letter: str) -> str:
    # The names of letters begin with their script: CYRILLIC SMALL LETTER A.
    script = unicodedata.name(letter, "UNKNOWN").partition(" ")[0]
    return _TOGETHER.get(script, script)
