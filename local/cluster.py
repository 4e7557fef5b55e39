"""A PostgreSQL cluster on disk: what initdb makes, with Cyrillic in every kind of search on any system."""

import re
import secrets
import shutil
import subprocess
from pathlib import Path

from local import processes
from local.binaries import PostgresError, version

SUPERUSER = "postgres"

_BUILTIN_LOCALES_SINCE = 17
_INITDB_SETTINGS_SINCE = 16

# lower(), ILIKE and text search know Cyrillic only with a UTF-8 character type; systems name it differently.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "UTF-8")
_UNKNOWN_CHARACTER_TYPE = re.compile("locale name|encoding mismatch|LC_CTYPE")


def make(directory: Path, binaries: Path, *, fsync: bool) -> str:
    """Makes `data` in the directory unless it is there. Returns the superuser's password.

    Raises PostgresError where initdb fails, or where another version of PostgreSQL made what is there.
    """
    data = directory / "data"
    password_file = directory / "password"
    major = version(binaries)
    if data.exists():
        made_by = first_number(data / "PG_VERSION")
        if made_by != major:
            raise PostgresError(
                f"{data} was made by PostgreSQL {made_by}, but {binaries} is PostgreSQL {major}: "
                "use that version again, or move the directory away"
            )
        return password_file.read_text()
    password = secrets.token_urlsafe(24)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    processes.give(password_file)
    # Under another name until it is whole: a process killed half-way leaves no half cluster behind.
    unfinished = directory / "unfinished"
    command = _command(unfinished, password_file, binaries, major)
    _run_initdb(command if fsync else [*command, "--no-sync"], unfinished)
    unfinished.rename(data)
    return password


def first_number(path: Path) -> int | None:
    """The number on a file's first line; None where there is no such file or no number."""
    lines = lines_of(path)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def lines_of(path: Path) -> list[str]:
    """The lines of a file; none where there is no file."""
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []


def _run_initdb(command: list[str], target: Path) -> None:
    """Tries one name of the character type after another, where a name is all that initdb objects to."""
    for character_type in _CHARACTER_TYPES:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(mode=0o700)
        processes.give(target)
        made = subprocess.run(
            processes.as_child([*command, f"--lc-ctype={character_type}"], directory=target),
            cwd="/",
            env=processes.plain_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if made.returncode == 0:
            return
        if not _UNKNOWN_CHARACTER_TYPE.search(made.stderr):
            break
    shutil.rmtree(target, ignore_errors=True)
    raise PostgresError(f"The database could not be made in {target.parent}:\n{made.stderr.strip()}")


def _command(target: Path, password_file: Path, binaries: Path, major: int) -> list[str]:
    command = [str(binaries / "initdb"), "-D", str(target), "-U", SUPERUSER, "-E", "UTF8", "--locale=C"]
    if major >= _BUILTIN_LOCALES_SINCE:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    else:
        command += ["--locale-provider=libc"]
    if major >= _INITDB_SETTINGS_SINCE:
        # The password is random: stretching it would only make each new connection slower.
        command += ["--set=scram_iterations=1"]
    return [*command, "--auth=scram-sha-256", f"--pwfile={password_file}", "--no-instructions"]
