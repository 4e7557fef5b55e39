"""The sentences that people read in errors, in their own language.

The code has each sentence in English, as a template: `must have at least {least:character|characters}` stands for
`must have at least 3 characters`. `core/russian.py` has all of them in Russian.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Language = Literal["en", "ru"]
Values = Mapping[str, str | int]
NO_VALUES: Values = MappingProxyType({})


class Wrong(NamedTuple):
    """Why a value is refused: a stable code, and a sentence with its values."""

    code: str
    sentence: str
    values: Values = NO_VALUES


class _Number(int):
    """A number that names what it counts: its format is `one|many`, in Russian the two forms of the genitive."""

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(int(self))
        one, many = spec.split("|")
        return (
            f"{int(self)} {one if self % 10 == 1 and self % 100 != 11 and (self == 1 or not one.isascii()) else many}"
        )


def told(sentence: str, values: Values, language: Language) -> str:
    """The sentence for a person who reads this language."""
    if language == "ru":
        from chalicelib.core.russian import RUSSIAN

        sentence = RUSSIAN.get(sentence, sentence)
    if not values:
        return sentence
    return sentence.format_map(
        {name: _Number(value) if isinstance(value, int) else value for name, value in values.items()}
    )


def language_of(accepted: str) -> Language:
    """Which of our languages an Accept-Language header prefers; English where it names none."""
    best: tuple[float, Language] = (0.0, "en")
    for choice in accepted[:200].split(","):
        tag, _, weight = choice.strip().lower().partition(";")
        name = tag.strip().partition("-")[0]
        language: Any = name if name in {"en", "ru"} else None
        preference = _weight(weight)
        if language is not None and preference > best[0]:
            best = (preference, language)
    return best[1]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.replace(" ", "").removeprefix("q=") or 1)
    except ValueError:
        return 0.0
