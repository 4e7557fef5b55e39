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
    """What may follow a part of a path. `resource` is the route that ends here, `greedy` takes whatever is left."""

    literals: dict[str, "_Node"] = field(default_factory=dict)
    variable: str | None = None
    below_variable: "_Node | None" = None
    resource: str | None = None
    greedy: tuple[str, str] | None = None

    def find(self, segments: list[str], at: int, parameters: dict[str, str]) -> str | None:
        """The resource of decoded segments, and its parameters. Literals win over variables, the leftmost first,
        and any of them over a greedy variable."""
        if at == len(segments):
            return self.resource
        segment = segments[at]
        literal = self.literals.get(segment)
        found = literal.find(segments, at + 1, parameters) if literal is not None else None
        if found is None and self.below_variable is not None and segment:
            found = self.below_variable.find(segments, at + 1, parameters)
            if found is not None:
                assert self.variable is not None
                parameters[self.variable] = segment
        if found is None and self.greedy is not None:
            found, name = self.greedy
            parameters[name] = "/".join(segments[at:])
        return found


class RouteTable:
    """`app.routes`. Raises ValueError for a table that API Gateway refuses or this gateway cannot serve."""

    def __init__(self, routes: Mapping[str, Mapping[str, Any]]) -> None:
        self._routes = routes
        self._root = _Node()
        for path, methods in routes.items():
            if any(entry.authorizer or entry.api_key_required for entry in methods.values()):
                raise ValueError(f"{path}: authorizers and API keys are not emulated")
            self._add(path)

    def match(self, segments: list[str]) -> Match | None:
        """Finds the resource for still encoded path segments; one trailing slash is as good as none."""
        if len(segments) > 1 and segments[-1] == "":
            segments = segments[:-1]
        parameters: dict[str, str] = {}
        resource = self._root.find([unquote(segment) for segment in segments], 0, parameters)
        return None if resource is None else Match(resource, self._routes[resource], parameters)

    def _add(self, path: str) -> None:
        segments = path.strip("/").split("/")
        if segments[0] == "v1":
            raise ValueError(f"{path}: /v1 is where the custom domain maps this API")
        node = self._root
        for segment in segments:
            if segment.endswith("+}"):
                node.greedy = (path, segment[1:-2])
                return
            if not segment.startswith("{"):
                node = node.literals.setdefault(segment, _Node())
                continue
            name = segment[1:-1]
            if node.variable not in {None, name}:
                raise ValueError(f"{path}: API Gateway refuses {segment} beside {{{node.variable}}}")
            node.variable = name
            node.below_variable = node.below_variable or _Node()
            node = node.below_variable
        node.resource = path
