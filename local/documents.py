"""`make swagger`: the API's documents as files, for programs that read them."""

import json
import sys
from pathlib import Path

from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document


def written(folder: Path) -> dict[str, Path]:
    """Writes each document into a folder: `openapi`, `openapi-aliases`, `asyncapi`."""
    documents = {
        "openapi": openapi_document(),
        "openapi-aliases": aliases_document(),
        "asyncapi": asyncapi_document(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.json" for name in documents}
    for name, path in paths.items():
        path.write_text(json.dumps(documents[name], ensure_ascii=False), encoding="utf-8")
    return paths


if __name__ == "__main__":
    print("\n".join(str(path) for path in written(Path(sys.argv[1])).values()))
