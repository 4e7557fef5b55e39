"""What the gateway and the triggers have to know of an app, so that only the Lambda side has to load it."""

import json
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from chalice.app import Chalice, CORSConfig


@dataclass(frozen=True)
class Route:
    """One method of a resource."""

    cors: CORSConfig | None
    authorizer: str | None
    api_key_required: bool


@dataclass(frozen=True)
class App:
    """A Chalice app: its routes by path and method, its event sources, the names of its functions.

    `config` is what `.chalice/config.json` has.
    """

    name: str
    file: str
    routes: dict[str, dict[str, Route]]
    binary_types: list[str]
    event_sources: list[Any]
    handlers: frozenset[str]
    config: dict[str, Any]

    @property
    def least_compressed(self) -> int | None:
        """From how many bytes on API Gateway compresses an answer; None where it does not."""
        least: int | None = self.config.get("minimum_compression_size")
        return least


def describe(module: ModuleType) -> App:
    """Reads it off the module that has the app."""
    app: Any = vars(module)["app"]
    routes = {
        path: {
            method: Route(entry.cors or None, getattr(entry.authorizer, "name", None), bool(entry.api_key_required))
            for method, entry in methods.items()
        }
        for path, methods in app.routes.items()
    }
    handlers = frozenset(name for name, value in vars(module).items() if _is_handler(value))
    file = getattr(module, "__file__", None) or ""
    return App(
        name=app.app_name,
        file=file,
        routes=routes,
        binary_types=app.api.binary_types,
        event_sources=app.event_sources,
        handlers=handlers,
        config=_config(file),
    )


def _config(file: str) -> dict[str, Any]:
    path = Path(file or "/none").parent / ".chalice" / "config.json"
    config: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return config


def _is_handler(value: object) -> bool:
    """Whether this is what a decorator of Chalice makes of a function that is deployed by itself."""
    return callable(value) and not isinstance(value, type | Chalice) and type(value).__module__ == Chalice.__module__
