"""Refusals that name a field as the client sent it, or as the dialect calls it."""

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.core.problems import Fault, Problem
from chalicelib.entry.dialects.words import Dialect

_INSIDE = re.compile(r"[.\[]")
# How clients write the names of parameters in paths.
_IN_PATHS = {"chat_id": "chatId", "user_id": "userId", "message_id": "messageId"}


def in_their_words(problem: Problem, dialect: Dialect, sent: Mapping[str, Any], words: Mapping[str, str]) -> Problem:
    """The problem, with names that the client knows in its field errors.

    `sent` is the request as it came. `words` has what clients call a field of ours there, the usual name first, where
    that is not what the dialect says.
    """
    words = {**_IN_PATHS, **dialect.words, **words}

    def theirs(place: str) -> str:
        field = _INSIDE.split(place, maxsplit=1)[0]
        known = [dialect.spell(name) for name in words.get(field, field).split()] or [field]
        name = next((name for name in [field, *known] if name in sent), known[0])
        # One value stands for a list of one, and has no first element.
        is_alone = name in sent and not isinstance(sent[name], list | dict)
        return name if is_alone else name + dialect.spell(place.removeprefix(field))

    def told(fault: Fault) -> Fault:
        # What we would take in its place has another name there.
        sentence = fault.sentence.partition(", or ")[0] if fault.code == "missing" else fault.sentence
        values = dict(fault.values)
        if "other" in values:
            values["other"] = theirs(str(values["other"]))
        if "choices" in values:
            choices = str(values["choices"]).split(", ")
            values["choices"] = ", ".join(dialect.kinds.get(choice, choice) for choice in choices)
        return Fault(theirs(fault.field), fault.code, sentence, values)

    problem.errors = [told(fault) for fault in problem.errors]
    return problem
