"""The refusals of an endpoint in the OpenAPI document: by status, with an example of each problem."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from chalicelib.core.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidInput,
    RateLimited,
    SessionEnded,
    TooLarge,
    Unauthenticated,
    Unavailable,
    Unreadable,
    UnsupportedType,
    UploadPending,
)
from chalicelib.core.every_error import catalogue
from chalicelib.core.http import Endpoint
from chalicelib.core.problems import Problem, ProblemBody
from chalicelib.features.ops.components import Schema, reference

PROBLEM_TYPE = "application/problem+json"

# What API Gateway makes and no handler raises, as infra/gateway_responses.json has it: code, status, title.
_BAD_REQUEST = ("bad_request", 400, "The request is not valid")
_TIMEOUT = ("timeout", 504, "The answer took too long")

# Any request may fail so. They are named one by one: generators of clients know no `5XX`.
_FAILURES: Mapping[str, list[str]] = {
    "500": [Problem.code],
    "502": [Problem.code],
    "503": [Unavailable.code],
    "504": [_TIMEOUT[0]],
}


def refusals(endpoint: Endpoint) -> dict[str, list[str]]:
    """The codes of an endpoint's refusals, by status: those of its rules, and those of its declaration."""
    codes: dict[str, list[str]] = {}
    for problem in dict.fromkeys((*_implied(endpoint), *endpoint.refuses)):
        codes.setdefault(str(problem.status), []).append(problem.code)
    if "400" in codes:
        codes["400"].append(_BAD_REQUEST[0])
    return {**dict(sorted(codes.items())), **_FAILURES}


def refusal(status: str, codes: Iterable[str], headers: Mapping[str, Schema]) -> Schema:
    """The response with these codes; `headers` are those that the document has."""
    waits = {RateLimited.code, UploadPending.code}.intersection(codes)
    names = ["X-Request-Id", "Retry-After"] if waits else ["X-Request-Id"]
    return {
        "description": HTTPStatus(int(status)).phrase,
        "headers": {name: headers[name] for name in names},
        "content": {
            PROBLEM_TYPE: {
                "schema": reference(ProblemBody.__name__),
                "examples": {code: _example(code, int(status)) for code in codes},
            }
        },
    }


def problems() -> dict[str, dict[str, Any]]:
    """A sample of every problem, by its code."""
    samples = {problem.code: msgspec.to_builtins(problem().body("4f1c2b7d")) for problem in catalogue()}
    for code, status, title in (_BAD_REQUEST, _TIMEOUT):
        changed = {
            "type": f"urn:messenger:problem:{code}",
            "title": title,
            "detail": title,
            "error": title,
            "message": title,
        }
        samples[code] = {**samples[Problem.code], **changed, "status": status, "code": code}
    return samples


def _example(code: str, status: int) -> Schema:
    sample = problems()[code]
    if sample["status"] == status:
        return {"$ref": f"#/components/examples/{code}"}
    return {"summary": sample["title"], "value": {**sample, "status": status}}


def _implied(endpoint: Endpoint) -> Iterable[type[Problem]]:
    """The refusals that follow from what an endpoint takes, and API Gateway's own throttle."""
    if endpoint.input("body"):
        yield from (Unreadable, InvalidInput, TooLarge, UnsupportedType)
    elif endpoint.input("query") or endpoint.path_parameters or endpoint.creates:
        yield InvalidInput
    if endpoint.input("actor"):
        yield from (Unauthenticated, SessionEnded)
    if endpoint.needs != "user":
        yield Forbidden
    if endpoint.creates:
        yield IdempotencyKeyReused
    yield RateLimited
