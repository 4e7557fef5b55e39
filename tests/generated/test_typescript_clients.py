"""openapi-typescript, orval and openapi-ts make clients of the OpenAPI document. They compile, and one is used."""

import shutil
import subprocess
from pathlib import Path

import pytest

from local.documents import written
from tests.support.packages import node, npm_installed
from tests.support.server import Server

HERE = Path(__file__).parent
STRICT = (
    "--strict",
    "--target",
    "es2022",
    "--lib",
    "es2022,dom,dom.iterable",
    "--module",
    "nodenext",
    "--skipLibCheck",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the clients are."""
    node()
    folder = tmp_path_factory.mktemp("typescript")
    document = written(folder)["openapi"]
    _make("openapi-typescript", document, "--output", "openapi-typescript.ts", folder=folder)
    _make("orval", "--input", document, "--output", "orval.ts", "--client", "fetch", folder=folder)
    _make("openapi-ts", "--input", document, "--output", "hey", "-c", "@hey-api/client-fetch", folder=folder)
    for name in ("use.ts", "session.ts"):
        shutil.copy(HERE / name, folder)
    return folder


def test_they_compile(folder: Path) -> None:
    _make("tsc", "--noEmit", *STRICT, "use.ts", "orval.ts", "hey/index.ts", folder=folder)


def test_one_talks_to_the_service(folder: Path, server: Server) -> None:
    _make("tsc", "--outDir", "made", *STRICT, "session.ts", folder=folder)
    _run(node(), "made/session.js", server.url, folder=folder)


def _make(program: str, *options: str | Path, folder: Path) -> None:
    _run(npm_installed(HERE) / "node_modules" / ".bin" / program, *options, folder=folder)


def _run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
