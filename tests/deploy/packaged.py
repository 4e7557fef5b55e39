"""An app module for the local stack whose handlers all run from the package, in bare processes.

The gateway and the triggers read the declarations of the real `app.py`; every event goes to a container.
"""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from app import app as declared
from chalicelib.core.config import settings
from local.environment import variables_of
from tests.deploy.container import Container

# By name in .chalice/config.json, what Lambda calls.
HANDLERS = {"api_handler": "app.app"} | {
    name: f"app.{name}"
    for name in (
        *("websocket_connect", "websocket_message", "websocket_disconnect"),
        *("push", "presence_changed", "upload_stored", "sweep", "migrate"),
    )
}


class Package:
    """The unpacked zip, a container a function, and what each has been called with."""

    def __init__(self, task: Path) -> None:
        self.called: set[str] = set()
        self._task = task
        self._lock = threading.Lock()
        self._containers: dict[str, Container] = {}

    def invoke(self, name: str, event: object, _context: object = None) -> Any:
        """What the packaged handler answers. Raises HandlerError."""
        self.called.add(name)
        with self._lock:
            if name not in self._containers:
                variables = variables_of(settings())
                deployed = "messenger-dev" if name == "api_handler" else f"messenger-dev-{name}"
                self._containers[name] = Container(self._task, HANDLERS[name], deployed, variables)
            container = self._containers[name]
        return container.invoke(event)

    def stop(self) -> None:
        """Ends every container."""
        for container in self._containers.values():
            container.stop()


class _App:
    """The declared app, but that calling it asks the package."""

    def __getattr__(self, name: str) -> Any:
        return getattr(declared, name)

    def __call__(self, event: object, context: object) -> Any:
        return in_use[-1].invoke("api_handler", event, context)


app = _App()
in_use: list[Package] = []


def __getattr__(name: str) -> Callable[[object, object], Any]:
    if name not in HANDLERS:
        raise AttributeError(name)
    return partial(in_use[-1].invoke, name)
