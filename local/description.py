"""What the gateway and the triggers have to know of an app, so that only the Lambda side has to load it."""

from dataclasses import dataclass
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
    """A Chalice app: its routes by path and method, its event sources, the names of its functions."""

    name: str
    file: str
    routes: dict[str, dict[str, Route]]
    binary_types: list[str]
    event_sources: list[Any]
    handlers: frozenset[str]


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
    return App(
        name=app.app_name,
        file=getattr(module, "__file__", None) or "",
        routes=routes,
        binary_types=app.api.binary_types,
        event_sources=app.event_sources,
        handlers=handlers,
    )


def _is_handler(value: object) -> bool:
    """Whether this is what a decorator of Chalice makes of a function that is deployed by itself."""
    return callable(value) and not isinstance(value, type | Chalice) and type(value).__module__ == Chalice.__module__
