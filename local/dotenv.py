"""`.env`: variables that the shell does not set, one a line."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
_COMMENT = re.compile(r"\s+#.*")
_QUOTES = {'"', "'"}


def load(path: Path = Path(".env")) -> None:
    """Sets what the file names and the environment lacks. Without a file nothing is set."""
    if path.is_file():
        for name, value in read(path.read_text(encoding="utf-8")):
            os.environ.setdefault(name, value)


def read(text: str) -> Iterator[tuple[str, str]]:
    """The variables of a file: `NAME=value`, the value in quotes or up to a comment. Other lines say nothing."""
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, value = found.groups()
        quoted = value[:1] in _QUOTES and value.find(value[0], 1)
        yield name, value[1:quoted] if quoted and quoted > 0 else _COMMENT.sub("", f" {value}").strip()
