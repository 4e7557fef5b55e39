"""`make sdk`: the npm package of the client library, with types made from the service's own documents.

The types of REST and of events come from OpenAPI, those of the socket's frames from AsyncAPI. The library's own come
from its comments, which the compiler checks against the code.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from chalicelib.entry.documents import asyncapi_document, openapi_document

ROOT = Path(__file__).parents[1]
SDK = ROOT / "web" / "sdk"
TOOLS = ROOT / "web" / "tools"
BUILT = ROOT / ".build" / "sdk"
_SECONDS = 300


def pack(folder: Path, tools: Path) -> Path:
    """Makes the package in an empty or new folder; answers the archive for `npm install`.

    `tools` is where the packages of `web/tools` are installed.
    """
    package = folder / "package"
    shutil.copytree(SDK, package)
    shutil.copy(ROOT / "LICENSE", package)
    shutil.copy(ROOT / "docs" / "sdk.md", package / "README.md")
    manifest = json.loads((package / "package.json").read_text())
    manifest["version"] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (package / "package.json").write_text(json.dumps(manifest, indent=2) + "\n")
    _write_types(package, tools)
    _run("npm", "pack", "--silent", "--pack-destination", str(folder), where=package)
    (archive,) = folder.glob("*.tgz")
    return archive


def _write_types(package: Path, tools: Path) -> None:
    """Types of the documents, and then of the library, which are found wrong where its code is."""
    programs = tools / "node_modules" / ".bin"
    documents = {"openapi": openapi_document(), "asyncapi": _frames(asyncapi_document())}
    for name, document in documents.items():
        source = package.parent / f"{name}.json"
        source.write_text(json.dumps(document, ensure_ascii=False))
        generate = [str(programs / "openapi-typescript"), str(source), "--output", f"types/{name}.d.ts"]
        _run(*generate, "--default-non-nullable", "false", where=package)
    config = package.parent / "tsconfig.json"
    options = json.loads((TOOLS / "tsconfig.json").read_text())
    options["compilerOptions"]["typeRoots"] = [str(tools / "node_modules" / "@types")]
    config.write_text(json.dumps({**options, "include": ["package"]}))
    _run(str(programs / "tsc"), "--project", str(config), where=package)


def _frames(asyncapi: dict[str, Any]) -> dict[str, Any]:
    """The schemas of the socket's frames in a document of the kind that the generator reads."""
    schemas = asyncapi["components"]["schemas"]
    return {"openapi": "3.1.0", "info": asyncapi["info"], "paths": {}, "components": {"schemas": schemas}}


def _run(*command: str, where: Path) -> None:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own commands
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


if __name__ == "__main__":
    shutil.rmtree(BUILT, ignore_errors=True)
    sys.stdout.write(f"{pack(BUILT, TOOLS)}\n")
