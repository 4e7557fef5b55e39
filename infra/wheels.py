"""The libraries of requirements.txt as a Lambda runtime loads them: wheels for its Python, libc and processor."""

import errno
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Architecture = Literal["x86_64", "arm64"]

_MACHINES: dict[Architecture, str] = {"x86_64": "x86_64", "arm64": "aarch64"}
# The glibc of Amazon Linux 2, and of Amazon Linux 2023, which runtimes since Python 3.12 stand on.
_OLD_GLIBC, _NEW_GLIBC = 26, 34
_FIRST_ON_NEW_GLIBC = (3, 12)
# manylinux2014 is 2.17; no wheel for a Python of today asks for less than 2.5.
_OLDEST_GLIBC = 5
_LEGACY_TAGS = ("manylinux2014", "manylinux2010", "manylinux1")

# What wheels bring and no function reads.
_SUPERFLUOUS = (
    *("bin", "**/__pycache__", "**/tests", "**/py.typed"),
    *(f"**/*.{end}" for end in ("pyi", "pyx", "pxd", "c", "h")),
    # Pages of Powertools' own about an API, which Chalice has no use for.
    *(f"**/swagger_ui/*.{end}" for end in ("js", "css")),
)


def usual(python: tuple[int, int]) -> Architecture:
    """The cheaper processor, where the libraries for it load in the runtime of this Python."""
    return "arm64" if python >= _FIRST_ON_NEW_GLIBC else "x86_64"


class WheelsError(Exception):
    """pip could not bring every library; the words are pip's."""


@dataclass(frozen=True)
class Target:
    """A Lambda runtime: the minor version of its Python, and its processor."""

    python: tuple[int, int]
    architecture: Architecture

    @classmethod
    def here(cls, architecture: Architecture | None = None) -> "Target":
        """The runtime of the interpreter that runs this."""
        python = (sys.version_info.major, sys.version_info.minor)
        return cls(python, architecture or usual(python))

    @classmethod
    def of(cls, version: str, architecture: Architecture) -> "Target":
        """The runtime of a release, by its Python as it is written."""
        major, minor = map(int, version.split("."))
        return cls((major, minor), architecture)

    @property
    def version(self) -> str:
        """The Python as it is written: `3.12`."""
        return ".".join(map(str, self.python))

    def platforms(self) -> Iterator[str]:
        """The wheel tags that this runtime's libc can load, newest first."""
        machine = _MACHINES[self.architecture]
        newest = _NEW_GLIBC if self.python >= _FIRST_ON_NEW_GLIBC else _OLD_GLIBC
        yield from (f"manylinux_2_{minor}_{machine}" for minor in range(newest, _OLDEST_GLIBC - 1, -1))
        yield from (f"{tag}_{machine}" for tag in _LEGACY_TAGS)


def install(requirements: Path, target: Target, cache: Path) -> Path:
    """The folder with the unpacked libraries, made once for each list and target. Raises WheelsError.

    A library without a wheel for the target is an error: built here it would not run there.
    """
    chosen = requirements.read_bytes() + repr(target).encode() + Path(__file__).read_bytes()
    folder = cache / f"wheels-{target.version}-{target.architecture}-{hashlib.sha256(chosen).hexdigest()[:12]}"
    if not folder.exists():
        cache.mkdir(parents=True, exist_ok=True)
        # Under a name of its own until it is whole: two may do this at once.
        with tempfile.TemporaryDirectory(dir=cache) as unfinished:
            libraries = Path(unfinished) / "libraries"
            _pip(requirements, target, libraries)
            _thin(libraries)
            try:
                libraries.rename(folder)
            except OSError as error:
                if error.errno != errno.ENOTEMPTY:  # the other one was first
                    raise
    return folder


def _pip(requirements: Path, target: Target, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--target", str(folder), "--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", target.version, "-r", str(requirements)]
    for platform in target.platforms():
        command += ["--platform", platform]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    if done.returncode != 0:
        runtime = f"Python {target.version} on {target.architecture}"
        raise WheelsError(f"there is no complete set of wheels for {runtime}:\n{done.stderr}")


def _thin(folder: Path) -> None:
    for pattern in _SUPERFLUOUS:
        for path in list(folder.glob(pattern)):
            _remove(path)
    # importlib.metadata needs a name and a version, which libraries ask for when they start.
    for path in folder.glob("*.dist-info/*"):
        if path.name != "METADATA":
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
