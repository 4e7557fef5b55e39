"""The containers' watchdog, where it reaches into the interpreter."""

import gc
import sys

import pytest

from local import containers

NOBODY = 0


@pytest.mark.parametrize("collects", [True, False])
def test_no_garbage_is_collected_while_threads_are_looked_at(monkeypatch: pytest.MonkeyPatch, collects: bool) -> None:
    """A finalizer that lets go of the GIL there stops the whole process, in a Python before 3.11.9."""
    seen: list[bool] = []
    frames = sys._current_frames

    def noting() -> object:
        seen.append(gc.isenabled())
        return frames()

    monkeypatch.setattr(sys, "_current_frames", noting)
    (gc.enable if collects else gc.disable)()
    try:
        assert containers._strike(NOBODY)
        assert gc.isenabled() == collects
    finally:
        gc.enable()
    assert seen == [False]
