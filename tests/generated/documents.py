"""The documents as files, for programs that read them."""

import json
from pathlib import Path

from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document


def written(folder: Path) -> dict[str, Path]:
    """Writes each document into a folder: `openapi`, `openapi-aliases`, `asyncapi`."""
    documents = {
        "openapi": openapi_document(),
        "openapi-aliases": aliases_document(),
        "asyncapi": asyncapi_document(),
    }
    paths = {name: folder / f"{name}.json" for name in documents}
    for name, path in paths.items():
        path.write_text(json.dumps(documents[name], ensure_ascii=False))
    return paths
