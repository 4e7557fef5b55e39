"""Every operation of the OpenAPI document with all kinds of input: what comes back is what the document says.

What is generated is the same in every run.
"""

import itertools
import json
from collections.abc import Callable
from typing import Any, TypeVar

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from tests.support.documents import CHECKS, PROBLEM, check_answer, problem_codes, whole_document
from tests.support.people import Person, Register
from tests.support.server import Server

pytestmark = pytest.mark.usefixtures("forgotten_timers")

Test = TypeVar("Test", bound=Callable[..., None])

CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"mode": "all", "deterministic": True, "with-security-parameters": False},
        "checks": CHECKS,
    }
)
SCHEMA = schemathesis.openapi.from_dict(whole_document(), config=CONFIG)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
WITH_BODY = [operation for operation in OPERATIONS if operation.body]


def bounded(examples: int) -> settings:
    """So many examples, the same ones each time, at whatever pace."""
    every = list(HealthCheck)
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=every
    )


@pytest.fixture
def member(person: Register) -> Person:
    """Somebody for whom the ids that generators like best, 1 and 2, mean something of each kind."""
    bob, alice = person("bob"), person("alice")
    chat = alice.chat_with(bob)
    alice.chat_with(bob, name="Friends")
    bob.send(chat, "Hello")
    alice.http.post("/contacts", json={"userId": bob.id})
    alice.http.post("/uploads", json={"filename": "a.png", "contentType": "image/png", "size": 1})
    return alice


def every_operation(test: Test) -> Test:
    """One test an operation: what schemathesis thinks up at the borders of its types, and some more at random."""
    parametrized: Test = SCHEMA.parametrize()(bounded(10)(test))
    return parametrized


@every_operation
def test_answers_to_a_member_are_as_described(case: schemathesis.Case, server: Server, member: Person) -> None:
    answer = case.call_and_validate(
        base_url=server.url, headers={"Authorization": f"Bearer {member.access_token}", **(case.headers or {})}
    )
    # Other methods than the operation's own are tried too, and answered by the gateway.
    if answer.status_code >= 400 and case.method == case.operation.method.upper():
        codes = problem_codes(case.method, case.operation.path, answer.status_code)
        assert answer.json()["code"] in codes


def test_answers_to_a_stranger_are_as_described(server: Server) -> None:
    for operation in OPERATIONS:

        @bounded(5)
        @given(operation.as_strategy())
        def try_it(case: schemathesis.Case) -> None:
            answer = case.call_and_validate(base_url=server.url)
            assert answer.status_code in {200, 201, 204, 400, 401, 403, 409, 410}

        try_it()


JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None), max_size=40)
    | st.sampled_from(["\x00", "\ud800", "a" * 20_000, 10**400, -(10**30), 2**53, 2**63, 2**64, -1, 0, 1.5]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
NOT_JSON = st.binary(max_size=200) | st.sampled_from(
    [
        b"{",
        b'{"a":1',
        b"nul",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"\\ud800":1}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\x00"}',
        b"\xef\xbb\xbf{}",
        b"NaN",
        b"1e999999",
        b"-",
        b'"' + b"\\u0000" * 1000 + b'"',
    ]
)
MEDIA_TYPES = st.sampled_from(
    ["application/json"] * 6 + ["", "text/plain", "application/xml", "multipart/form-data", "x"]
)


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.label)
def test_no_body_breaks_anything(operation: Any, member: Person) -> None:
    names = list(_properties(operation))

    @bounded(20)
    @given(NOT_JSON, MEDIA_TYPES)
    def any_bytes(body: bytes, media_type: str) -> None:
        _send(member, operation, body, media_type)

    @bounded(40)
    @given(st.dictionaries(st.sampled_from(names) | st.text(max_size=10), JSON_VALUES, max_size=len(names) + 1))
    def any_object(body: dict[str, Any]) -> None:
        _send(member, operation, json.dumps(body).encode())

    any_bytes()
    any_object()


def test_a_wrong_field_is_named(member: Person) -> None:
    for operation in WITH_BODY:
        for name in _properties(operation):
            for wrong in ({"not": "this"}, 10**400, 2**64, "\x00"):
                answer = _send(member, operation, json.dumps({name: wrong}).encode())
                assert answer.status_code == 400
                refused = answer.json()["errors"][0]
                assert refused["code"] == "missing" or refused["field"].startswith(name)
        answer = _send(member, operation, b'{"senderId": 1}')
        assert answer.json()["errors"][0]["field"] == "senderId"


def test_large_bodies_are_refused(member: Person) -> None:
    for operation in WITH_BODY:
        for body in (
            b'{"' + b"a" * 4_000_000 + b'": 1}',
            b'{"a": "' + b"\\u0000" * 500_000 + b'"}',
            b" " * 10_000_000,
            b" " * 11_000_000,
        ):
            answer = _send(member, operation, body)
            assert answer.status_code in {400, 413}
            assert len(answer.content) < 3000


ODD_IDS = (
    *(
        "%00",
        "1%00",
        "-1",
        "0",
        "9007199254740992",
        "9" * 400,
        "%20",
        "1%20",
        "%2B1",
        "x",
        "null",
        "true",
        "%EF%BC%91",
    ),
    *("%ED%A0%80", "%FF", "%0A", "1%0A", "%2F", "..%2F1", "{1}", "'", "%D0%9F", "[]", "1,2"),
)


def test_odd_ids_are_refused(member: Person) -> None:
    for operation in OPERATIONS:
        names = [parameter.name for parameter in operation.path_parameters]
        for name, odd in itertools.product(names, ODD_IDS):
            path = operation.path.format_map({**dict.fromkeys(names, "1"), name: odd})
            answer = member.http.request(operation.method, path)
            assert answer.status_code in {400, 404}, (path, answer.text)
            assert answer.headers["content-type"] == PROBLEM, path
            if answer.status_code == 400:
                assert answer.json()["errors"][0]["field"] == name


def _send(person: Person, operation: Any, body: bytes, media_type: str = "application/json") -> httpx.Response:
    """Sends a body, which must not break anything; a refusal of the input names what is wrong."""
    ids = {parameter.name: 1 for parameter in operation.path_parameters}
    path = operation.path.format_map(ids | {"chat_id": 2})
    answer = person.http.request(operation.method, path, content=body, headers={"Content-Type": media_type})
    assert answer.status_code < 500, answer.text
    check_answer(answer)
    if answer.status_code >= 400 and answer.json()["code"] == "invalid_input":
        assert answer.json()["errors"]
        assert all(error["field"] for error in answer.json()["errors"])
    return answer


def _properties(operation: Any) -> dict[str, Any]:
    content = whole_document()["paths"][operation.path][operation.method]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    properties: dict[str, Any] = whole_document()["components"]["schemas"][name]["properties"]
    return properties
