"""The OpenAPI document says what the application has, no more and no less."""

import json
import tomllib
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.core.errors import catalogue
from chalicelib.entry.blueprints import endpoints
from chalicelib.entry.documents import openapi_document
from chalicelib.entry.outcomes import OUTCOMES
from tests.support.documents import broken_references

ROOT = Path(__file__).parents[2]
DOCUMENT = openapi_document()
OPERATIONS = {
    (path, method.upper()): operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


def test_it_is_valid() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_every_reference_leads_somewhere() -> None:
    assert broken_references(DOCUMENT) == []


def test_it_has_every_route_and_no_other() -> None:
    served = {(path, method) for path, methods in app.routes.items() for method in methods}
    assert set(OPERATIONS) == served


def test_every_operation_has_its_own_name_and_says_what_it_does() -> None:
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert [name for name, operation in OPERATIONS.items() if not operation["summary"]] == []
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
    assert parameters["cursor"]["schema"] == {"type": "string", "maxLength": 200}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}


def test_statuses_follow_from_the_declaration() -> None:
    for endpoint in endpoints():
        responses = OPERATIONS[endpoint.path, endpoint.method]["responses"]
        assert str(endpoint.status) in responses
        assert ("304" in responses) == endpoint.cached
        assert ("401" in responses) >= (endpoint.input("actor") is not None)
        assert ({"400", "413", "415"} <= set(responses)) == (endpoint.input("body") is not None)
        assert {"429", "5XX"} <= set(responses)


def test_rules_are_of_routes_that_exist() -> None:
    assert set(OUTCOMES) <= {f"{method} {path}" for path, method in OPERATIONS}


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
    examples = DOCUMENT["components"]["examples"]
    made_by_us = {problem.code: problem for problem in catalogue()}
    gateway = json.loads((ROOT / "infra/gateway_responses.json").read_text())["responses"].values()
    made_by_the_gateway = {entry["problem"]["code"]: entry["problem"] for entry in gateway}
    assert set(examples) == set(made_by_us) | set(made_by_the_gateway)
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
