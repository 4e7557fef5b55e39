"""`python -m local.released VERSION`: freezes what a version releases.

The checksums of today's migrations go to `migrations/released.json`: a test compares the files with them.
The API documents go to `tests/released`, without their words: a test says what of later ones breaks a client.
"""

import json
import sys
from pathlib import Path
from typing import Any

from chalicelib.core.migrations import read
from chalicelib.entry.documents import asyncapi_document, openapi_document

_DIRECTORY = Path("migrations")
_RELEASED = _DIRECTORY / "released.json"
DOCUMENTS = Path("tests/released")
_WORDS = {"description", "summary", "title", "example", "examples", "info", "tags", "servers", "externalDocs"}
# Their keys are names, which may be such words.
_NAMED = {"properties", "schemas", "responses", "paths", "messages", "channels", "operations"}


def main(version: str) -> None:
    """Writes the version's migrations, anew where they are there, and its documents in place of the last ones."""
    released = json.loads(_RELEASED.read_text(encoding="utf-8")) if _RELEASED.exists() else {}
    released[version] = {migration.name: migration.checksum for migration in read(_DIRECTORY).migrations}
    _RELEASED.write_text(json.dumps(released, indent=2) + "\n", encoding="utf-8")
    for name, document in {"openapi": openapi_document(), "asyncapi": asyncapi_document()}.items():
        text = json.dumps(bare(document), separators=(",", ":"))
        (DOCUMENTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def bare(node: Any, *, named: bool = False) -> Any:
    """A document, or a part of it, without its words. `named` says that its keys are names."""
    if isinstance(node, dict):
        return {key: bare(each, named=key in _NAMED) for key, each in node.items() if named or key not in _WORDS}
    return [bare(each) for each in node] if isinstance(node, list) else node


if __name__ == "__main__":
    main(sys.argv[1])
