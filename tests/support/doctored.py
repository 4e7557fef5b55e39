"""What tests have the functions' containers do before their first event: see `Server.prepared`."""

import contextlib
import importlib
import importlib.abc
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from local.functions import Preparation
from tests.support.oracle import Asking, Oracle


def put(target: str, value: Any) -> None:
    """Gives a name of a module (`chalicelib.features.messages.sync_cursor._SNAPSHOT_LENGTH`) another value."""
    module, _, name = target.rpartition(".")
    setattr(importlib.import_module(module), name, value)


def fail(target: str, error: str, arguments: list[Any]) -> None:
    """Has a function raise an error, named by its module and class, whenever it is called."""
    module, _, name = error.rpartition(".")
    kind = getattr(importlib.import_module(module), name)

    def failing(*_: Any, **__: Any) -> Any:
        raise kind(*arguments)

    put(target, failing)


def set_clock_ahead(seconds: float) -> None:
    """Shifts the clock that the product reads."""
    put("chalicelib.core.clock.now", lambda: time.time() + seconds)


def note_imports(path: str) -> None:
    """Appends the name of each module that is looked for from now on."""

    class Noted(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, *_: object) -> None:
            with Path(path).open("a") as file:
                file.write(f"{fullname}\n")

    sys.meta_path.insert(0, Noted())


def ask(target: str, address: str) -> None:
    """Has a function ask the test what to answer: see `answering`."""
    put(target, Asking(address).answer)


@contextlib.contextmanager
def answering(target: str, answer: Callable[..., Any]) -> Iterator[tuple[list[tuple[Any, ...]], Preparation]]:
    """The arguments of all calls of a function, which `answer` answers in the test's own process.

    The second thing is what to prepare the functions' containers with.
    """
    calls: list[tuple[Any, ...]] = []

    class Knowing:
        def answer(self, *arguments: Any) -> Any:
            calls.append(arguments)
            return answer(*arguments)

    oracle = Oracle(Knowing())
    try:
        yield calls, ("tests.support.doctored.ask", {"target": target, "address": oracle.address})
    finally:
        oracle.close()
