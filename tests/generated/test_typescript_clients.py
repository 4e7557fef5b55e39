"""openapi-typescript and orval make clients of the OpenAPI document that compile and tell events apart."""

import shutil
import subprocess
from pathlib import Path

from local.documents import written
from tests.support.packages import node, npm_installed

HERE = Path(__file__).parent
STRICT = ("--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext")


def test_they_compile(tmp_path: Path) -> None:
    node()
    programs = npm_installed(HERE) / "node_modules" / ".bin"
    document = written(tmp_path)["openapi"]
    _run(programs / "openapi-typescript", document, "--output", "openapi-typescript.ts", folder=tmp_path)
    _run(programs / "orval", "--input", document, "--output", "orval.ts", "--client", "fetch", folder=tmp_path)
    shutil.copy(HERE / "use.ts", tmp_path)
    _run(programs / "tsc", *STRICT, "--skipLibCheck", "use.ts", "orval.ts", folder=tmp_path)


def _run(*command: str | Path, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
