"""Every function run from the package, in bare processes, behind the local stack's own containers."""

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import app
from chalicelib.core.config import settings
from local.environment import variables_of
from tests.deploy.container import Container
from tests.support.oracle import Asking

# By name in .chalice/config.json, what Lambda calls.
HANDLERS = {"api_handler": "app.app"} | {
    name: f"app.{name}"
    for name in (
        *("websocket_connect", "websocket_message", "websocket_disconnect"),
        *(
            "push",
            "polling",
            "presence_changed",
            "mail",
            "notify",
            "assistant",
            "upload_stored",
            "pictures",
            "sweep",
            "migrate",
        ),
    )
}


class Package:
    """The unpacked zip and the layers, a container a function, and what each has been called with."""

    def __init__(self, task: Path, layers: Mapping[str, Path]) -> None:
        self.called: set[str] = set()
        self._task = task
        self._layers = layers
        self._lock = threading.Lock()
        self._containers: dict[str, Container] = {}

    def invoke(self, name: str, event: object) -> Any:
        """What the packaged handler answers. Raises HandlerError."""
        self.called.add(name)
        with self._lock:
            if name not in self._containers:
                variables = variables_of(settings())
                deployed = "messenger-dev" if name == "api_handler" else f"messenger-dev-{name}"
                layer = self._layers.get(name)
                self._containers[name] = Container(self._task, HANDLERS[name], deployed, variables, layer=layer)
            container = self._containers[name]
        return container.invoke(event)

    def stop(self) -> None:
        """Ends every container."""
        for container in self._containers.values():
            container.stop()


def redirect(address: str) -> None:
    """Has a container of the local stack pass its events on to the package."""
    shipped = Asking(address)
    for name, handler in HANDLERS.items():
        setattr(app, handler.removeprefix("app."), partial(_pass_on, shipped, name))


def _pass_on(shipped: Asking, name: str, event: object, _context: object) -> Any:
    return shipped.invoke(name, event)
