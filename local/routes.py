"""A Chalice app's route table as API Gateway would import and match it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Match:
    """The resource (`/chats/{chat_id}`) that a path belongs to, its methods, and the decoded path parameters."""

    resource: str
    methods: Mapping[str, Any]
    parameters: dict[str, str]


@dataclass
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    variable: str | None = None


class RouteTable:
    """`app.routes`. Raises ValueError for a table that API Gateway refuses or this gateway cannot serve."""

    def __init__(self, routes: Mapping[str, Mapping[str, Any]]) -> None:
        _check(routes)
        self._routes = routes
        # Literal segments win over variables, the leftmost first.
        self._resources = sorted(
            ((path.strip("/").split("/"), path) for path in routes),
            key=lambda item: [_is_variable(segment) for segment in item[0]],
        )

    def match(self, segments: list[str]) -> Match | None:
        """Finds the resource for still encoded path segments; one trailing slash is as good as none."""
        if len(segments) > 1 and segments[-1] == "":
            segments = segments[:-1]
        given = [unquote(segment) for segment in segments]
        for pattern, resource in self._resources:
            if len(pattern) != len(given):
                continue
            parameters = {}
            for wanted, segment in zip(pattern, given, strict=True):
                if _is_variable(wanted) and segment:
                    parameters[wanted[1:-1]] = segment
                elif wanted != segment:
                    break
            else:
                return Match(resource, self._routes[resource], parameters)
        return None


def _is_variable(segment: str) -> bool:
    return segment.startswith("{")


def _check(routes: Mapping[str, Mapping[str, Any]]) -> None:
    root = _Node()
    for path, methods in routes.items():
        segments = path.strip("/").split("/")
        if segments[0] == "v1":
            raise ValueError(f"{path}: /v1 is where the custom domain maps this API")
        if any(entry.authorizer or entry.api_key_required for entry in methods.values()):
            raise ValueError(f"{path}: authorizers and API keys are not emulated")
        node = root
        for segment in segments:
            if _is_variable(segment):
                if node.variable not in {None, segment}:
                    raise ValueError(f"{path}: API Gateway refuses {segment} beside {node.variable}")
                node.variable = segment
            node = node.children.setdefault(segment, _Node())
