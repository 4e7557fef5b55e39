"""The folder that a function finds as /var/task: made as Chalice makes its zip, kept under `.local/bench`."""

import compileall
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import chalice.app

ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".local" / "bench"


def make() -> Path:
    """The product and what it needs, with bytecode: what lies there decides what an import costs."""
    package = KEPT / f"package-{_fingerprint()}"
    if not package.exists():
        _install(package)
    for name in ("app.py", "chalicelib", "chalice"):
        _remove(package / name)
    # Of Chalice itself no more than this is shipped.
    runtime = Path(chalice.app.__file__).parent
    (package / "chalice").mkdir()
    for name in ("__init__.py", "app.py"):
        shutil.copy(runtime / name, package / "chalice" / name)
    shutil.copy(ROOT / "app.py", package / "app.py")
    shutil.copytree(
        ROOT / "chalicelib", package / "chalicelib", ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )
    compileall.compile_dir(package, quiet=2)
    return package


def _fingerprint() -> str:
    chosen = (ROOT / "requirements.txt").read_bytes() + sys.version.encode()
    return hashlib.sha256(chosen).hexdigest()[:12]


def _install(package: Path) -> None:
    """Under another name until it is whole."""
    unfinished = KEPT / f"unfinished-{package.name}"
    _remove(unfinished)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(unfinished), "-r", str(ROOT / "requirements.txt")]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise RuntimeError(made.stderr)
    for older in KEPT.glob("package-*"):
        _remove(older)
    unfinished.rename(package)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
