"""The OpenAPI 3.1 document, made from the endpoints as they were declared and from the types they take and answer."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from chalicelib.core.errors import (
    IdempotencyKeyReused,
    InvalidInput,
    Problem,
    ProblemBody,
    RateLimited,
    SessionEnded,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unreadable,
    UnsupportedType,
    UploadPending,
    catalogue,
)
from chalicelib.core.http import Endpoint, camel
from chalicelib.features.ops.links import Ids, add_links

API_VERSION = "0.2.0"

Schema = dict[str, Any]

_REFS = "#/components/schemas/{name}"
_PROBLEM_TYPE = "application/problem+json"
_ABOUT = (
    "The REST API of a messenger. Errors are RFC 9457 problems with a stable `code`; each response names the codes "
    "it can carry as its examples. API Gateway may answer any request itself, in the same shape. "
    "Live events travel by WebSocket: see `asyncapi.json`."
)

# What API Gateway makes and no handler raises, as infra/gateway_responses.json has it: code, status, title.
_BAD_REQUEST = ("bad_request", 400, "The request is not valid")
_TIMEOUT = ("timeout", 504, "The answer took too long")


class Outcomes(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint answers beyond what follows from its declaration: refusals by its rules, other statuses."""

    refusals: tuple[type[Problem], ...] = ()
    statuses: tuple[int, ...] = ()


def document(endpoints: Sequence[Endpoint], outcomes: Mapping[str, Outcomes], ids: Ids) -> Schema:
    """The document as plain data. `outcomes` are by method and path, as in `POST /chats`; `ids` are for the links."""
    types = dict.fromkeys(kind for endpoint in endpoints for kind in (endpoint.input("body"), endpoint.answer))
    types.pop(None, None)
    shapes, components = msgspec.json.schema_components([*types, ProblemBody], ref_template=_REFS)
    schemas = dict(zip(types, shapes, strict=False))
    components["ProblemBody"]["properties"]["code"]["examples"] = sorted(_problems())

    paths: dict[str, Schema] = {}
    refusals: dict[str, Schema] = {}
    for endpoint in endpoints:
        known = outcomes.get(endpoint.alias_of or endpoint.name, Outcomes())
        operation = _operation(endpoint, schemas, known)
        for status, codes in _refusals(endpoint, known).items():
            # Many endpoints refuse alike: what they share is written once.
            name = ".".join((status, *codes))
            refusals[name] = _refusal(status, codes)
            operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    made = plain(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Messenger",
                "version": API_VERSION,
                "description": _ABOUT,
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [
                {"url": "/api"},
                {"url": "/api/v1", "description": "The same, for clients that know this prefix."},
            ],
            "tags": _tags(endpoints),
            "paths": paths,
            "components": {
                "schemas": components,
                "responses": refusals,
                "parameters": _PARAMETERS,
                "headers": _HEADERS,
                "examples": {code: {"summary": body["title"], "value": body} for code, body in _problems().items()},
                "securitySchemes": {
                    "accessToken": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                        "description": "The `accessToken` of registering, logging in and refreshing.",
                    }
                },
            },
        }
    )
    add_links(made, endpoints, ids)
    return made


def plain(made: Schema) -> Schema:
    """JSON's own types alone: defaults that are tuples would make lists of another kind."""
    decoded: Schema = msgspec.json.decode(msgspec.json.encode(made))
    return decoded


def _operation(endpoint: Endpoint, schemas: Mapping[Any, Schema], outcomes: Outcomes) -> Schema:
    summary, _, description = (endpoint.handler.__doc__ or "").partition("\n")
    operation: Schema = {
        "operationId": _operation_id(endpoint),
        "tags": [endpoint.tag],
        "summary": summary.strip().removesuffix("."),
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint, schemas, outcomes),
        "security": [{"accessToken": []}] if endpoint.input("actor") else [],
    }
    if description.strip():
        operation["description"] = description.strip()
    if endpoint.alias_of:
        operation |= {"description": f"The same as `{endpoint.alias_of}`.", "x-alias-of": endpoint.alias_of}
    if kind := endpoint.input("body"):
        required = any(field.required for field in msgspec.structs.fields(kind))
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": schemas[kind]}}}
    return operation


def _operation_id(endpoint: Endpoint) -> str:
    name = endpoint.handler.__name__
    if endpoint.alias_of:
        words = [segment for segment in endpoint.path.split("/") if segment and not segment.startswith("{")]
        name = "_".join((name, "as", endpoint.method.lower(), *words))
    return camel(name)


def _parameters(endpoint: Endpoint) -> list[Schema]:
    parameters = [
        _parameter(
            "path" if f"{{{name}}}" in endpoint.path else "query",
            endpoint.word(name),
            msgspec.json.schema(kind),
            required=True,
        )
        for name, kind in endpoint.path_parameters.items()
    ]
    if kind := endpoint.input("query"):
        _, forms = msgspec.json.schema_components([kind])
        form = forms[kind.__name__]
        parameters += [
            _parameter("query", name, schema, required=name in form["required"])
            for name, schema in form["properties"].items()
        ]
    names = ["RequestId"]
    if endpoint.creates:
        names.append("IdempotencyKey")
    if endpoint.cached:
        names.append("IfNoneMatch")
    return [*parameters, *({"$ref": f"#/components/parameters/{name}"} for name in names)]


def _parameter(place: str, name: str, schema: Schema, *, required: bool) -> Schema:
    # An absent parameter is left out of an address; null cannot be written there.
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema = choices[0]
    parameter: Schema = {"name": name, "in": place, "required": required, "schema": schema}
    if "description" in schema:
        parameter["description"] = schema["description"]
    return parameter


def _responses(endpoint: Endpoint, schemas: Mapping[Any, Schema], outcomes: Outcomes) -> dict[str, Schema]:
    headers = ["X-Request-Id"]
    if RateLimited in outcomes.refusals:
        headers += ["RateLimit", "RateLimit-Policy"]
    if endpoint.creates:
        headers.append("Idempotent-Replayed")
    if endpoint.cached:
        headers.append("ETag")
    responses: dict[str, Schema] = {}
    for status in sorted({endpoint.status, *outcomes.statuses}):
        responses[str(status)] = {"description": HTTPStatus(status).phrase, "headers": _header_refs(headers)}
        if endpoint.answer is not None:
            responses[str(status)]["content"] = {"application/json": {"schema": schemas[endpoint.answer]}}
    if endpoint.cached:
        responses["304"] = {
            "description": "What `If-None-Match` names is still current",
            "headers": _header_refs(headers),
        }
    return responses


def _refusals(endpoint: Endpoint, outcomes: Outcomes) -> dict[str, list[str]]:
    """The codes of an endpoint's refusals, by status."""
    codes: dict[str, list[str]] = {}
    for problem in dict.fromkeys((*_implied(endpoint), *outcomes.refusals)):
        codes.setdefault(str(problem.status), []).append(problem.code)
    if "400" in codes:
        codes["400"].append(_BAD_REQUEST[0])
    return {**dict(sorted(codes.items())), "5XX": [Problem.code, Unavailable.code, _TIMEOUT[0]]}


def _implied(endpoint: Endpoint) -> Iterable[type[Problem]]:
    """The refusals that follow from what an endpoint takes, and API Gateway's own throttle."""
    if endpoint.input("body"):
        yield from (Unreadable, InvalidInput, TooLarge, UnsupportedType)
    elif endpoint.input("query") or endpoint.path_parameters or endpoint.creates:
        yield InvalidInput
    if endpoint.input("actor"):
        yield from (Unauthenticated, SessionEnded)
    if endpoint.creates:
        yield IdempotencyKeyReused
    yield RateLimited


def _refusal(status: str, codes: Iterable[str]) -> Schema:
    waits = {RateLimited.code, UploadPending.code}.intersection(codes)
    names = ["X-Request-Id", "Retry-After"] if waits else ["X-Request-Id"]
    return {
        "description": HTTPStatus(int(status)).phrase if status.isdigit() else "Not answered; perhaps the next time",
        "headers": _header_refs(names),
        "content": {
            _PROBLEM_TYPE: {
                "schema": {"$ref": _REFS.format(name="ProblemBody")},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _problems() -> dict[str, Schema]:
    """A sample of every problem, by its code."""
    samples = {problem.code: msgspec.to_builtins(problem().body("4f1c2b7d")) for problem in catalogue()}
    for code, status, title in (_BAD_REQUEST, _TIMEOUT):
        changed = {"type": f"urn:messenger:problem:{code}", "title": title, "detail": title}
        samples[code] = {**samples[Problem.code], **changed, "status": status, "code": code}
    return samples


def _tags(endpoints: Iterable[Endpoint]) -> list[Schema]:
    modules = {endpoint.tag: endpoint.handler.__module__ for endpoint in endpoints}
    return [
        {"name": tag, "description": (sys.modules[module].__doc__ or "").partition("\n")[0]}
        for tag, module in modules.items()
    ]


def _header_refs(names: Iterable[str]) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_PARAMETERS: dict[str, Schema] = {
    "RequestId": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "A name for this request, for answers and logs; one is made where it is absent or odd.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,64}$"},
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
        "schema": {"const": "true"},
    },
    "RateLimit": {
        "description": "How many are left (`r`), and in how many seconds one more comes back (`t`).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "How many (`q`) in how many seconds (`w`).", "schema": {"type": "string"}},
    "Retry-After": {"description": "seconds", "schema": {"type": "integer", "minimum": 0}},
}
