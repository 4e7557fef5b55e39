"""What tests have the functions' containers do before their first event: see `Server.prepared`."""

import importlib
from typing import Any


def put(target: str, value: Any) -> None:
    """Gives a name of a module (`chalicelib.features.messages.sync._SNAPSHOT_LENGTH`) another value."""
    module, _, name = target.rpartition(".")
    setattr(importlib.import_module(module), name, value)


def fail(target: str, error: str, *arguments: Any) -> None:
    """Has a function raise an error, named by its module and class, whenever it is called."""
    module, _, name = error.rpartition(".")
    kind = getattr(importlib.import_module(module), name)

    def failing(*_: Any, **__: Any) -> Any:
        raise kind(*arguments)

    put(target, failing)
