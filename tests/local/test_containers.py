"""The containers' watchdog, where it reaches into the interpreter."""

import gc
import sys
import threading
from typing import Any

from local import containers


def test_no_garbage_is_collected_while_threads_are_looked_at() -> None:
    """A finalizer that lets go of the GIL there stops the whole process, in a Python before 3.11.9."""
    looking: list[str] = []

    def noting(phase: str, info: dict[str, Any]) -> None:
        caller = sys._getframe(1)
        if caller.f_code is containers._frame_of.__code__:
            looking.append(phase)

    before = gc.get_threshold()
    gc.callbacks.append(noting)
    gc.set_threshold(1)
    try:
        frames = [containers._frame_of(threading.get_ident()) for _ in range(50)]
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(noting)
    assert all(frames)
    assert looking == []
    assert gc.isenabled()
