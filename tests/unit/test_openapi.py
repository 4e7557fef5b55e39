"""The OpenAPI document says what the application has, no more and no less."""

import itertools
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.core.decoding import decode_json
from chalicelib.core.every_error import catalogue
from chalicelib.entry.blueprints import endpoints
from chalicelib.entry.dialects.rest import GREEDY
from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document
from chalicelib.entry.examples import EXAMPLES
from chalicelib.features.ops.components import titled
from chalicelib.realtime.events import CATALOGUE
from tests.support.documents import broken_references, nodes, whole_document

ROOT = Path(__file__).parents[2]
DOCUMENT = openapi_document()
DOCUMENTS = {"endpoints": DOCUMENT, "aliases": aliases_document(), "socket": asyncapi_document()}
REST = pytest.mark.parametrize("name", ["endpoints", "aliases"])
EACH = pytest.mark.parametrize("name", list(DOCUMENTS))


def _operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method.upper()): operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }


OPERATIONS = _operations(whole_document())


def without_words(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without its description, which only people read."""
    return {word: value for word, value in schema.items() if word != "description"}


@REST
def test_it_is_valid(name: str) -> None:
    assert DOCUMENTS[name]["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(DOCUMENTS[name]).validate()


@EACH
def test_every_reference_leads_somewhere(name: str) -> None:
    assert broken_references(DOCUMENTS[name]) == []


def test_both_have_every_route_once_and_no_other() -> None:
    # Dialects are described by what their clients know already, Engine.IO by its own protocol.
    own_paths = {
        path: methods for path, methods in app.routes.items() if not path.endswith(GREEDY) and path != "/socket.io"
    }
    served = {(path, method) for path, methods in own_paths.items() for method in methods}
    own, other = (set(_operations(DOCUMENTS[name])) for name in ("endpoints", "aliases"))
    assert own | other == served
    assert own & other == set()


def test_every_feature_with_routes_is_served() -> None:
    folders = {path.parent.name for path in (ROOT / "chalicelib/features").glob("*/routes.py")}
    assert folders - {endpoint.tag for endpoint in endpoints()} == set(), "name it in entry/blueprints.py"


def test_aliases_alone_are_deprecated() -> None:
    aliases = {(endpoint.path, endpoint.method) for endpoint in endpoints() if endpoint.alias_of}
    assert set(_operations(DOCUMENTS["aliases"])) == aliases
    assert {name for name, operation in OPERATIONS.items() if operation.get("deprecated")} == aliases


@REST
def test_no_path_can_be_taken_for_another(name: str) -> None:
    """As linters have it: a literal beside a parameter is none, and `/a/b/{c}` beside `/a/{b}/c` is one."""
    paths = [path.split("/") for path in DOCUMENTS[name]["paths"]]
    assert [
        (one, other)
        for one, other in itertools.combinations(paths, 2)
        if len(one) == len(other)
        and sum(map(_is_parameter, one)) == sum(map(_is_parameter, other))
        and all(a == b or _is_parameter(a) or _is_parameter(b) for a, b in zip(one, other, strict=True))
    ] == []


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


@EACH
def test_no_name_that_a_generator_invents_is_a_components(name: str) -> None:
    schemas = DOCUMENTS[name]["components"]["schemas"]
    invented = {
        f"{schema}{field[0].upper()}{field[1:]}"
        for schema, described in schemas.items()
        for field in described.get("properties", {})
    }
    assert len(invented) > 50
    assert invented & set(schemas) == set()
    titles = {described["title"] for described in schemas.values() if "title" in described}
    assert titles <= set(schemas), "generators may call a component by its title"


@EACH
def test_no_field_has_the_name_of_its_schema(name: str) -> None:
    """Python's clients call both by one variable, which has two types then. What is a bare text has none there."""
    schemas = DOCUMENTS[name]["components"]["schemas"]
    assert [
        (schema, field)
        for schema, described in schemas.items()
        for field, value in described.get("properties", {}).items()
        if _snake_case(field) == _snake_case(schema) and value.get("type") != "string"
    ] == []


def _snake_case(word: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", word).lower()


@EACH
def test_every_enum_is_a_component(name: str) -> None:
    document = DOCUMENTS[name]
    enums = [node for node in nodes(document) if isinstance(node.get("enum"), list)]
    named = [node for node in document["components"]["schemas"].values() if "enum" in node]
    # What opens a socket is described outside the schemas.
    bindings = [node for node in nodes(document.get("channels", {})) if isinstance(node.get("enum"), list)]
    assert len(named) > 5
    assert [node for node in enums if node not in named and node not in bindings] == []
    assert [node for node in enums if len(node["enum"]) == 1 or node["type"] != "string"] == []


def test_one_value_is_a_constant() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert without_words(schemas["Verification"]["properties"]["valid"]) == {"type": "boolean", "const": True}
    assert without_words(schemas["UploadForm"]["properties"]["method"]) == {"type": "string", "const": "POST"}


def test_integers_beyond_32_bits_say_so() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert without_words(schemas["User"]["properties"]["id"]) == {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "maximum": 2**53 - 1,
    }
    assert "format" not in schemas["ProblemBody"]["properties"]["status"]


def test_events_of_sync_are_typed_as_those_of_the_socket() -> None:
    schemas, of_socket = (DOCUMENTS[name]["components"]["schemas"] for name in ("endpoints", "socket"))
    assert schemas["SyncAnswer"]["properties"]["events"]["items"] == {"$ref": "#/components/schemas/Event"}
    mapping = schemas["Event"]["discriminator"]["mapping"]
    assert schemas["Event"]["discriminator"]["propertyName"] == "type"
    assert set(mapping) == set(CATALOGUE)
    assert [one["$ref"] for one in schemas["Event"]["oneOf"]] == list(mapping.values())
    for kind, reference in mapping.items():
        event = reference.rpartition("/")[2]
        assert titled(schemas[event]) == of_socket[event]
        assert without_words(schemas[event]["properties"]["type"]) == {"type": "string", "const": kind}


def test_every_body_has_examples() -> None:
    bodies = {endpoint.input("body") for endpoint in endpoints()} - {None}
    assert set(EXAMPLES) == bodies
    for operation in OPERATIONS.values():
        if "requestBody" in operation:
            assert operation["requestBody"]["content"]["application/json"]["examples"]


def test_examples_are_what_is_taken() -> None:
    for kind, examples in EXAMPLES.items():
        for value in examples.values():
            decode_json(json.dumps(value).encode(), kind)


def test_every_operation_has_its_own_name_and_says_what_it_does() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert [name for name, operation in OPERATIONS.items() if not operation["summary"]] == []
    assert [name for name, operation in OPERATIONS.items() if not operation["description"]] == []
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_inputs_are_as_declared() -> None:
    for endpoint in endpoints():
        operation = OPERATIONS[endpoint.path, endpoint.method]
        given = {parameter.get("name") or parameter["$ref"] for parameter in operation["parameters"]}
        assert ("#/components/parameters/IdempotencyKey" in given) == endpoint.creates
        assert ("#/components/parameters/IfNoneMatch" in given) == endpoint.cached
        assert {name for name in endpoint.path_parameters if f"{{{name}}}" in endpoint.path} <= given
        assert ("requestBody" in operation) == (endpoint.input("body") is not None)
        assert operation["security"] == ([{"accessToken": []}] if endpoint.input("actor") else [])


def test_a_query_is_a_list_of_parameters() -> None:
    parameters = {
        parameter["name"]: parameter
        for parameter in OPERATIONS["/users/search", "GET"]["parameters"]
        if "name" in parameter
    }
    assert set(parameters) == {"q", "limit", "cursor"}
    assert parameters["q"]["required"]
    assert without_words(parameters["cursor"]["schema"]) == {"type": "string", "maxLength": 200}
    limit = {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert without_words(parameters["limit"]["schema"]) == limit


def test_statuses_follow_from_the_declaration() -> None:
    for endpoint in endpoints():
        responses = OPERATIONS[endpoint.path, endpoint.method]["responses"]
        assert str(endpoint.status) in responses
        assert ("304" in responses) == endpoint.cached
        assert ("401" in responses) >= (endpoint.input("actor") is not None)
        assert ({"400", "413", "415"} <= set(responses)) == (endpoint.input("body") is not None)
        assert {"429", "500", "502", "503", "504"} <= set(responses)
        assert [status for status in responses if not status.isdigit()] == []


def test_links_lead_from_a_field_of_what_was_made_to_a_path() -> None:
    paths = {operation["operationId"]: path for (path, _), operation in OPERATIONS.items()}
    links = DOCUMENT["components"]["links"]
    for name, link in links.items():
        fields = DOCUMENT["components"]["schemas"][name.partition(".")[0]]["properties"]
        for parameter, expression in link["parameters"].items():
            assert f"{{{parameter}}}" in paths[link["operationId"]]
            assert expression.removeprefix("$response.body#/") in fields
    made = DOCUMENT["paths"]["/chats/{chat_id}/invites"]["post"]["responses"]["201"]["links"]
    assert made == {
        name: {"$ref": f"#/components/links/NewInvite.{name}"}
        for name in ("revokeInvite", "previewInvite", "joinByInvite")
    }
    answers = [response for operation in OPERATIONS.values() for response in operation["responses"].values()]
    assert {link["$ref"] for answer in answers for link in answer.get("links", {}).values()} == {
        f"#/components/links/{name}" for name in links
    }


def test_every_problem_is_shown() -> None:
    schema = DOCUMENT["components"]["schemas"]["ProblemBody"]
    examples = DOCUMENT["components"]["examples"]
    made_by_us = {problem.code: problem for problem in catalogue()}
    gateway = json.loads((ROOT / "infra/gateway_responses.json").read_text())["responses"].values()
    made_by_the_gateway = {entry["problem"]["code"]: entry["problem"] for entry in gateway}
    assert set(schema["properties"]["code"]["examples"]) == set(made_by_us) | set(made_by_the_gateway)
    answers = {code for node in nodes(DOCUMENT["components"]["responses"]) for code in node.get("examples", {})}
    assert set(examples) == answers
    for code, example in examples.items():
        assert example["value"]["code"] == code
        problem = made_by_us.get(code)
        title, status = (
            (problem.title, problem.status)
            if problem is not None
            else (made_by_the_gateway[code]["title"], made_by_the_gateway[code]["status"])
        )
        assert (example["value"]["title"], example["value"]["status"]) == (title, status)


def test_the_version_is_the_packages() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert DOCUMENT["info"]["version"] == project["version"]
