"""The OpenAPI 3.1 document, made from the endpoints as they were declared and from the types they take and answer."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from chalicelib.core.context import REQUEST_ID
from chalicelib.core.errors import RateLimited
from chalicelib.core.http import Endpoint, camel
from chalicelib.core.problems import ProblemBody
from chalicelib.features.ops import descriptions
from chalicelib.features.ops.components import Components, Schema, plain
from chalicelib.features.ops.links import Ids, add_links
from chalicelib.features.ops.refusals import problems, refusal, refusals

API_VERSION = "0.2.0"


class Tables(msgspec.Struct, frozen=True, kw_only=True):
    """What the document tells that no declaration of an endpoint does.

    `examples` are by the type of the body, each with a name. `links` are by the type of the answer. `events` are the
    types of their data, by the name of the event.
    """

    examples: Mapping[type, Mapping[str, Any]]
    links: Ids
    events: Mapping[str, type[msgspec.Struct]]


class _Shared(msgspec.Struct, frozen=True):
    """What operations share: the components of schemas, the schemas of bodies by their types, and the refusals."""

    components: Components
    schemas: Mapping[Any, Schema]
    refusals: dict[str, Schema]


def document(endpoints: Sequence[Endpoint], tables: Tables, *, title: str, about: str) -> Schema:
    """The document of these endpoints, as plain data."""
    shared = _shared(endpoints, tables)
    paths: dict[str, Schema] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, tables, shared)
    made = plain(
        {
            "openapi": "3.1.0",
            "info": {
                "title": title,
                "version": API_VERSION,
                "description": about,
                "contact": {"name": "The operator of this server"},
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [
                {"url": "/api"},
                {"url": "/api/v1", "description": "The same, for clients that know this prefix."},
            ],
            "tags": _tags(endpoints),
            "paths": paths,
            "components": {
                "schemas": shared.components.schemas,
                "responses": shared.refusals,
                "parameters": _PARAMETERS,
                "headers": _HEADERS,
                "examples": {code: {"summary": body["title"], "value": body} for code, body in problems().items()},
                "securitySchemes": _SECURITY,
            },
        }
    )
    add_links(made, endpoints, tables.links)
    made["components"] = _used(made)
    return made


def _shared(endpoints: Iterable[Endpoint], tables: Tables) -> _Shared:
    components = Components()
    events = components.add_events(tables.events)
    mapping = {name: event["$ref"] for name, event in events.items()}
    components.schemas["Event"]["discriminator"] = {"propertyName": "type", "mapping": mapping}
    types = dict.fromkeys(kind for endpoint in endpoints for kind in (endpoint.input("body"), endpoint.answer))
    types.pop(None, None)
    schemas = dict(zip(types, components.of(types), strict=True))
    components.of([ProblemBody])
    components.schemas["ProblemBody"]["properties"]["code"]["examples"] = sorted(problems())
    return _Shared(components, schemas, {})


def _operation(endpoint: Endpoint, tables: Tables, shared: _Shared) -> Schema:
    operation: Schema = {
        "operationId": _operation_id(endpoint),
        "tags": [endpoint.tag],
        "summary": _docstring(endpoint)[0],
        "description": " ".join(_sentences(endpoint)),
        "parameters": _parameters(endpoint, shared.components),
        "responses": _responses(endpoint, shared),
        "security": [{"accessToken": []}] if endpoint.input("actor") else [],
    }
    if endpoint.alias_of:
        operation |= {"deprecated": True, "x-alias-of": endpoint.alias_of}
    if kind := endpoint.input("body"):
        examples = {name: {"value": value} for name, value in tables.examples.get(kind, {}).items()}
        operation["requestBody"] = {
            "required": any(field.required for field in msgspec.structs.fields(kind)),
            "content": {"application/json": {"schema": shared.schemas[kind], "examples": examples}},
        }
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    name = endpoint.handler.__name__
    if endpoint.alias_of:
        words = [segment for segment in endpoint.path.split("/") if segment and not segment.startswith("{")]
        name = "_".join((name, "as", endpoint.method.lower(), *"_".join(words).split("-")))
    return camel(name)


def _docstring(endpoint: Endpoint) -> tuple[str, str]:
    summary, _, description = (endpoint.handler.__doc__ or "").partition("\n")
    return summary.strip().removesuffix("."), description.strip()


def _sentences(endpoint: Endpoint) -> Iterator[str]:
    """What an operation's description says: what its docstring has, and what follows from its declaration."""
    if endpoint.alias_of:
        yield f"The same as `{endpoint.alias_of}`, which new clients use."
    if _docstring(endpoint)[1]:
        yield _docstring(endpoint)[1]
    yield "Needs an access token." if endpoint.input("actor") else "Needs no access token."
    if endpoint.needs != "user":
        yield f"Needs the role `{endpoint.needs}`" + ("." if endpoint.needs == "admin" else ", or `admin`.")
    if any(field.name == "next_cursor" for field in _fields(endpoint.answer)):
        yield "Answers one page: give its `nextCursor` as `cursor` to get the next one."
    if endpoint.creates:
        yield "A repeat with the same `Idempotency-Key` and body gets the same answer, for 24 hours."
    if endpoint.cached:
        yield "Give the `ETag` of an earlier answer as `If-None-Match` to get 304 while it is current."
    if RateLimited in endpoint.refuses:
        yield "The rate is limited: `RateLimit` tells what is left of it."


def _fields(kind: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind) if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else ()


def _parameters(endpoint: Endpoint, components: Components) -> list[Schema]:
    kinds = endpoint.path_parameters
    parameters = [
        _parameter("path" if f"{{{name}}}" in endpoint.path else "query", endpoint.word(name), schema, required=True)
        for name, schema in zip(kinds, components.of(kinds.values()), strict=True)
    ]
    if form := endpoint.input("query"):
        parameters += [
            _parameter("query", name, schema, required=required)
            for name, (schema, required) in components.fields(form).items()
        ]
    names = ["RequestId"]
    if endpoint.creates:
        names.append("IdempotencyKey")
    if endpoint.cached:
        names.append("IfNoneMatch")
    return [*parameters, *({"$ref": f"#/components/parameters/{name}"} for name in names)]


def _parameter(place: str, name: str, schema: Schema, *, required: bool) -> Schema:
    text = schema.get("description")
    # An absent parameter is left out of an address; null cannot be written there.
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema = choices[0]
    parameter: Schema = {"name": name, "in": place, "required": required, "schema": schema}
    if text := text or schema.get("description") or descriptions.of("", name):
        parameter["description"] = text
    return parameter


def _responses(endpoint: Endpoint, shared: _Shared) -> dict[str, Schema]:
    headers = ["X-Request-Id"]
    if RateLimited in endpoint.refuses:
        headers += ["RateLimit", "RateLimit-Policy"]
    if endpoint.creates:
        headers.append("Idempotent-Replayed")
    if endpoint.cached:
        headers.append("ETag")
    responses: dict[str, Schema] = {}
    for answered in sorted({endpoint.status, *endpoint.also}):
        response: Schema = {"description": HTTPStatus(answered).phrase, "headers": _header_refs(headers)}
        if endpoint.answer is not None:
            response["content"] = {"application/json": {"schema": shared.schemas[endpoint.answer]}}
        responses[str(answered)] = response
    if endpoint.cached:
        responses["304"] = {
            "description": "What `If-None-Match` names is still current",
            "headers": _header_refs(headers),
        }
    for status, codes in refusals(endpoint).items():
        refused = refusal(status, codes, _header_refs(_HEADERS))
        if status in responses:
            # `GET /health` answers 503 by itself, and may be refused with the same status.
            responses[status]["content"] |= refused["content"]
        else:
            # Many endpoints refuse alike: what they share is written once.
            name = ".".join((status, *codes))
            shared.refusals[name] = refused
            responses[status] = {"$ref": f"#/components/responses/{name}"}
    return responses


def _tags(endpoints: Iterable[Endpoint]) -> list[Schema]:
    modules = {endpoint.tag: endpoint.handler.__module__ for endpoint in endpoints}
    return [
        {"name": tag, "description": (sys.modules[module].__doc__ or "").partition("\n")[0]}
        for tag, module in modules.items()
    ]


def _used(made: Schema) -> dict[str, Schema]:
    """The components that something refers to, of each kind."""
    everything: dict[str, Schema] = made["components"]
    found: set[str] = set()
    waiting = [made["paths"]]
    while waiting:
        new = set(_references(waiting.pop())) - found
        found |= new
        waiting += [everything[kind][name] for _, _, kind, name in (reference.split("/", 3) for reference in new)]
    kept = {
        kind: {name: one for name, one in named.items() if f"#/components/{kind}/{name}" in found}
        for kind, named in everything.items()
        if kind != "securitySchemes"
    }
    return {kind: named for kind, named in kept.items() if named} | {"securitySchemes": everything["securitySchemes"]}


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from _references(each)


def _header_refs(names: Iterable[str]) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_SECURITY: dict[str, Schema] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `accessToken` of registering, logging in and refreshing.",
    }
}

_PARAMETERS: dict[str, Schema] = {
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": (
            "A name for this request, for answers and logs; one is made where it is absent or has another form."
        ),
        "schema": {"type": "string", "pattern": f"^{REQUEST_ID.pattern}$"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and body get the same answer for 24 hours; each user has their own keys.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[ -~]+$"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of an earlier answer: 304 where it is still current.",
        "schema": {"type": "string"},
    },
}

_HEADERS: dict[str, Schema] = {
    "X-Request-Id": {
        "description": "The name of this request in our logs.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag": {"description": "What to send as `If-None-Match`.", "required": True, "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "On an answer that was kept for this `Idempotency-Key`.",
        "schema": {"type": "string", "const": "true"},
    },
    "RateLimit": {
        "description": "How many are left (`r`), and in how many seconds one more comes back (`t`).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "How many (`q`) in how many seconds (`w`).", "schema": {"type": "string"}},
    "Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 0}},
}
