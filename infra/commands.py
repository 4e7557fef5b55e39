"""Runs other commands, and hears why they fail."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

# What failed says last why.
_LAST_LINES = 20


def run(command: Sequence[str], *, folder: Path, variables: Mapping[str, str]) -> tuple[int, str]:
    """Runs a command whose words go where ours go. Answers its exit code, and the last that it said on stderr."""
    said: deque[str] = deque(maxlen=_LAST_LINES)
    with subprocess.Popen(  # noqa: S603  # our own words
        command, cwd=folder, env=variables, stderr=subprocess.PIPE, text=True, errors="replace"
    ) as running:
        assert running.stderr is not None
        for line in running.stderr:
            said.append(line)
            sys.stderr.write(line)
    return running.returncode, "".join(said)
