"""`python -m tests ARGUMENTS…`, which is `make test`: runs pytest, and leaves nothing of it behind.

pytest and all that it starts get a directory of their own for temporary files. It is in memory where there is enough,
and removed in the end, also where a test was killed. A process that outlives the tests is named, and fails them.

A few tests that fail are run once more, without others beside them: tests meet real sockets and processes, and a busy
machine may take longer than they wait. Who passes only then is named.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from local.processes import wait_until
from tests.support import leftovers

_MEMORY = Path("/dev/shm")  # the directory in it has a name of its own
# Two workers' databases, logs and installed packages take less than half of it.
_ENOUGH_BYTES = 6 << 30
# More failures than this are no matter of time.
_FEW = 5
_CACHE = "pytest-cache"


def main() -> int:
    """pytest's exit code; 1 where something still runs."""
    place = _MEMORY if _is_roomy() else None
    with tempfile.TemporaryDirectory(prefix="tests-", dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user, who has to pass through
        code = _run(folder, sys.argv[1:])
        if code == pytest.ExitCode.TESTS_FAILED and 0 < len(failed := _failed(folder)) <= _FEW:
            print(f"once more, alone: {', '.join(failed)}", flush=True)
            code = _run(folder, [*sys.argv[1:], "-n", "0", "--last-failed"])
            if code == pytest.ExitCode.OK:
                print(f"passed only alone: {', '.join(failed)}", flush=True)
        # What is told that its parent has ended needs a moment for it.
        wait_until(lambda: not leftovers.that_know(folder), seconds=10)
        left = leftovers.that_know(folder)
        for process in left:
            print(f"left running: {process}", file=sys.stderr)
        return code or bool(left)


def _is_roomy() -> bool:
    """Whether memory can take the temporary files, programs among them.

    Each test has a database of its own, some 300 files. On ext4 each new file costs a look at every file that was
    removed within a minute, so that hundreds of tests become several times slower on a disk.
    """
    try:
        found = os.statvfs(_MEMORY)
        available = re.search(r"MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text())
    except OSError:
        return False
    free = min(found.f_bavail * found.f_frsize, int(available[1]) * 1024 if available else 0)
    return free >= _ENOUGH_BYTES and not found.f_flag & os.ST_NOEXEC


def _failed(folder: Path) -> list[str]:
    """The ids of the tests that failed, where pytest keeps them."""
    kept = folder / _CACHE / "v/cache/lastfailed"
    return list(json.loads(kept.read_text())) if kept.exists() else []


def _run(folder: Path, arguments: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={folder / _CACHE}", *arguments]
    with subprocess.Popen(command, env=os.environ | {"TMPDIR": str(folder)}) as running:
        # A Ctrl-C reaches pytest as well, and it cleans up; other signals are handed on.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: running.send_signal(signal.SIGINT))
        return running.wait()


if __name__ == "__main__":
    sys.exit(main())
