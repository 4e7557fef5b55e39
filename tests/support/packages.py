"""Packages that only some tests need, from npm or PyPI. Each folder pins its own, and they are installed once."""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_CACHE = Path(__file__).parents[2] / ".local"
_INSTALL_SECONDS = 600


def node() -> str:
    """The program. Without it and npm the test is skipped, but for CI."""
    found = shutil.which("node") if shutil.which("npm") else None
    if found is None and not os.environ.get("CI"):
        pytest.skip("not installed: Node with npm")
    assert found is not None, "CI runs these tests too: install nodejs and npm"
    return found


def npm_installed(folder: Path, *files: str) -> Path:
    """Where the packages of a folder's lockfile are installed, and copies of these files of the folder."""
    with _home(folder, "package-lock.json") as home:
        for name in ("package.json", "package-lock.json", *files):
            shutil.copy(folder / name, home / name)
        if not (home / "node_modules" / ".package-lock.json").exists():
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], home)
    return home


def pip_installed(folder: Path) -> Path:
    """The programs of an environment with what a folder's requirements pin, which may clash with our own pins."""
    with _home(folder, "requirements.txt") as home:
        programs, done = home / "venv" / "bin", home / "installed"
        if not done.exists():
            _run([sys.executable, "-m", "venv", "--clear", "venv"], home)
            _run([str(programs / "python"), "-m", "pip", "install", "-r", str(folder / "requirements.txt")], home)
            done.touch()
    return programs


@contextlib.contextmanager
def _home(folder: Path, pins: str) -> Iterator[Path]:
    """A place for what this file pins, which one process at a time fills."""
    home = _CACHE / folder.name / hashlib.sha256((folder / pins).read_bytes()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield home


def _run(command: list[str], where: Path) -> None:
    done = subprocess.run(command, cwd=where, check=False, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
