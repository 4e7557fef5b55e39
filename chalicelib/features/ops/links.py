"""OpenAPI links: what can be done next with what an endpoint has just made, by the ids in its answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.core.http import Endpoint

# For each resource, the path parameters that its fields serve as: each group of them leads to endpoints of its own.
Ids = Mapping[type, Sequence[Mapping[str, str]]]


def add_links(made: dict[str, Any], endpoints: Sequence[Endpoint], ids: Ids) -> None:
    """Adds to each answer that makes a resource links to all endpoints whose paths begin with it."""
    shared = made["components"].setdefault("links", {})
    for source in endpoints:
        if not source.creates:
            continue
        links = dict(_links(made, source.answer, endpoints, ids.get(source.answer, ())))
        shared |= links
        references = {name.partition(".")[2]: {"$ref": f"#/components/links/{name}"} for name in links}
        for status, response in made["paths"][source.path][source.method.lower()]["responses"].items():
            if status.startswith("2") and references:
                response["links"] = references


def _links(
    made: Mapping[str, Any], resource: type, endpoints: Sequence[Endpoint], ids: Sequence[Mapping[str, str]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for target in endpoints:
        for group in ids:
            # What else the path asks for, an emoji or another's id, is the client's choice.
            if not target.alias_of and re.findall(r"{(\w+)}", target.path)[: len(group)] == list(group):
                operation = made["paths"][target.path][target.method.lower()]["operationId"]
                parameters = {name: f"$response.body#/{field}" for name, field in group.items()}
                yield f"{resource.__name__}.{operation}", {"operationId": operation, "parameters": parameters}
