"""What the served documents promise, as checks: of an answer over HTTP, and of what came down a socket."""

import functools
import re
from collections.abc import Iterator
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document

Frame = dict[str, Any]
Schema = dict[str, Any]

PROBLEM = "application/problem+json"

# What schemathesis holds each answer to: what the document says, and nothing about the input.
CHECKS = {
    "enabled": False,
    "not_a_server_error": {"enabled": True},
    "status_code_conformance": {"enabled": True},
    "content_type_conformance": {"enabled": True},
    "response_headers_conformance": {"enabled": True},
    "response_schema_conformance": {"enabled": True},
}


@functools.cache
def whole_document() -> Schema:
    """Both documents of the REST API in one: the endpoints, and their other paths."""
    endpoints, aliases = openapi_document(), aliases_document()
    paths = {
        path: {**endpoints["paths"].get(path, {}), **aliases["paths"].get(path, {})}
        for path in {**endpoints["paths"], **aliases["paths"]}
    }
    kinds = {**endpoints["components"], **aliases["components"]}
    components = {
        kind: {**endpoints["components"].get(kind, {}), **aliases["components"].get(kind, {})} for kind in kinds
    }
    return {**endpoints, "paths": paths, "components": components}


def check_answer(response: httpx.Response) -> None:
    """An answer has a status, content type, shape and problem code that OpenAPI has for its endpoint."""
    request = response.request
    path = request.url.path.removeprefix("/api").removeprefix("/v1")
    operation = _operation(request.method, path)
    if operation is None:
        return
    where = f"{request.method} {path} answered {response.status_code}: {response.text[:500]}"
    declared = operation["responses"].get(str(response.status_code))
    assert declared is not None, where
    contents = _resolved(declared).get("content")
    if contents is None:
        assert response.content == b"", where
        return
    media_type = response.headers["content-type"].partition(";")[0]
    assert media_type in contents, where
    check_shape(whole_document(), contents[media_type]["schema"], response.json())
    if media_type == PROBLEM:
        assert response.json()["code"] in contents[media_type]["examples"], where


def problem_codes(method: str, path: str, status: int) -> set[str]:
    """The codes that problems of a documented path can have with a status."""
    response = _resolved(whole_document()["paths"][path][method.lower()]["responses"][str(status)])
    return set(response["content"][PROBLEM]["examples"])


def check_frame(frame: Frame, *, action: str | None = None) -> None:
    """What came down a socket is an event, an error, or an ack (of `action`) as AsyncAPI has it."""
    kind = frame["type"]
    if kind == "ack" and action is None:
        payload: Schema = {"$ref": "#/components/schemas/Ack"}
    else:
        key = "error" if kind == "error" else f"ack:{action}" if kind == "ack" else f"event:{kind}"
        payload = asyncapi_document()["channels"]["socket"]["messages"][key.replace(":", "-")]["payload"]
    check_shape(asyncapi_document(), payload, frame)


def check_shape(document: Schema, schema: Schema, value: Any) -> None:
    """A value fits a schema whose references are into a document."""
    validator = Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
    assert not errors, (errors, value)


def broken_references(document: Schema) -> list[str]:
    """The references in a document that lead nowhere."""
    return [reference for reference in _references(document) if _at(document, reference) is None]


def _references(document: Schema) -> list[str]:
    return [node["$ref"] for node in nodes(document) if isinstance(node.get("$ref"), str)]


def nodes(node: Any) -> Iterator[Schema]:
    """Every object in a document, however deep."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from nodes(inner)


def _at(document: Schema, reference: str) -> Any:
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found


def _resolved(node: Schema) -> Schema:
    found: Schema = _at(whole_document(), node["$ref"]) if "$ref" in node else node
    return found


def _operation(method: str, path: str) -> Schema | None:
    for form, operations in _paths():
        if form.fullmatch(path) and method.lower() in operations:
            found: Schema = operations[method.lower()]
            return found
    return None


@functools.cache
def _paths() -> list[tuple[re.Pattern[str], Schema]]:
    """The documented paths as expressions, literal ones first, as the gateway prefers them."""
    paths = sorted(whole_document()["paths"].items(), key=lambda item: item[0].count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations) for path, operations in paths]
