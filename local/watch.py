"""Notices that a developer changed the code of the functions."""

import threading
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
_EVERY_SECONDS = 0.5


class Watch:
    """Calls `changed`, in a thread of its own, when `app.py` or a file of `chalicelib` is no longer what it was."""

    def __init__(
        self, changed: Callable[[], None], *, root: Path = ROOT, every_seconds: float = _EVERY_SECONDS
    ) -> None:
        self._changed = changed
        self._root = root
        self._every = every_seconds
        self._stopping = threading.Event()
        self._seen = self._look()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Looks no more."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            now = self._look()
            if now != self._seen:
                self._seen = now
                self._changed()

    def _look(self) -> dict[str, int]:
        """When each file was last changed."""
        seen = {}
        for path in (self._root / "app.py", *(self._root / "chalicelib").rglob("*.py")):
            try:
                seen[str(path)] = path.stat().st_mtime_ns
            except FileNotFoundError:  # an editor is just replacing it
                continue
        return seen
