"""`python -m tests ARGUMENTS…`, which is `make test`: runs pytest, and leaves nothing of it behind.

pytest and all that it starts get a directory of their own for temporary files. It is removed in the end, also where a
test was killed. A process that outlives the tests is named, and fails them.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from local.processes import wait_until
from tests.support import leftovers


def main() -> int:
    """pytest's exit code; 1 where something still runs."""
    with tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # PostgreSQL may run as another user, who has to pass through
        code = _run(folder)
        # What is told that its parent has ended needs a moment for it.
        wait_until(lambda: not leftovers.that_know(folder), seconds=10)
        left = leftovers.that_know(folder)
        for process in left:
            print(f"left running: {process}", file=sys.stderr)
        return code or bool(left)


def _run(folder: Path) -> int:
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    with subprocess.Popen(command, env=os.environ | {"TMPDIR": str(folder)}) as running:
        # A Ctrl-C reaches pytest as well, and it cleans up; other signals are handed on.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: running.send_signal(signal.SIGINT))
        return running.wait()


if __name__ == "__main__":
    sys.exit(main())
