"""`make test` cleans up after the tests, and fails where a process outlives them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAKING = """
import pathlib, subprocess, tempfile
def test_that_leaves_something_behind(tmp_path):
    (tmp_path / "file").touch()
    pathlib.Path("left").write_text(tempfile.mkdtemp())
    if {leaks}:
        subprocess.Popen(["sleep", "600"], start_new_session=True)
"""


@pytest.mark.parametrize("leaks", [False, True])
def test_what_outlives_the_tests_fails_them(tmp_path: Path, leaks: bool) -> None:
    (tmp_path / "test_leaking.py").write_text(LEAKING.format(leaks=leaks))
    ran = subprocess.run(
        [sys.executable, "-m", "tests", "--rootdir", tmp_path, "test_leaking.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SECRET": "never shown"},
        capture_output=True,
        text=True,
        check=False,
    )
    left = [line.split() for line in ran.stderr.splitlines() if line.startswith("left running: ")]
    for line in left:
        os.kill(int(line[2]), signal.SIGKILL)
    assert [line[3:] for line in left] == ([["sleep", "600"]] if leaks else [])
    assert (ran.returncode, "never shown" in ran.stderr) == (int(leaks), False)
    assert not Path((tmp_path / "left").read_text()).exists()
