"""Input becomes typed values or a refusal that names field and reason; whatever comes, nothing else."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Meta

from chalicelib.core.decoding import decode_json, decode_outline, decode_text
from chalicelib.core.errors import InvalidInput, Unreadable
from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id
from chalicelib.core.problems import Fault, Problem
from chalicelib.features.messages.emoji import Emoji


class Inner(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    inner_id: Id


class Thing(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One field of each kind that input has."""

    thing_id: Id
    name: Annotated[str, Meta(min_length=1, max_length=5)] = "x"
    link: Annotated[str, Meta(pattern="^https?://")] | None = None
    kind: Literal["one", "two"] = "one"
    sure: bool = False
    ids: Annotated[list[Id], Meta(max_length=2)] = []
    inner: Inner | None = None
    several: list[Inner] = []
    at: Annotated[datetime, Meta(tz=True)] | None = None


class Query(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    after_name: Annotated[str, Meta(max_length=5)] | None = None
    unread: bool = False


LONG = "x" * 100_000

REFUSED: list[tuple[Any, str, str]] = [
    ([], "body", "wrong_type"),
    (None, "body", "wrong_type"),
    ({}, "thingId", "missing"),
    ({"thingId": 1, "thing_id": 1}, "thing_id", "unknown_field"),
    ({"thingId": None}, "thingId", "wrong_type"),
    ({"thingId": "1"}, "thingId", "wrong_type"),
    ({"thingId": True}, "thingId", "wrong_type"),
    ({"thingId": 1.5}, "thingId", "wrong_type"),
    ({"thingId": 0}, "thingId", "out_of_range"),
    ({"thingId": 2**53}, "thingId", "out_of_range"),
    ({"thingId": 10**30}, "thingId", "out_of_range"),
    ({"thingId": 1, "name": ""}, "name", "wrong_length"),
    ({"thingId": 1, "name": "123456"}, "name", "wrong_length"),
    ({"thingId": 1, "name": "a\0b"}, "name", "forbidden_character"),
    ({"thingId": 1, "link": "javascript:"}, "link", "wrong_form"),
    ({"thingId": 1, "kind": "three"}, "kind", "unknown_value"),
    ({"thingId": 1, "kind": 1}, "kind", "wrong_type"),
    ({"thingId": 1, "sure": 1}, "sure", "wrong_type"),
    ({"thingId": 1, "ids": {}}, "ids", "wrong_type"),
    ({"thingId": 1, "ids": [1, "2"]}, "ids[1]", "wrong_type"),
    ({"thingId": 1, "ids": [1, 0]}, "ids[1]", "out_of_range"),
    ({"thingId": 1, "ids": [1, 2, 3]}, "ids", "wrong_length"),
    ({"thingId": 1, "inner": {}}, "inner.innerId", "missing"),
    ({"thingId": 1, "inner": {"innerId": 0}}, "inner.innerId", "out_of_range"),
    ({"thingId": 1, "several": [{"innerId": 1}, {"innerId": 1, "x": 1}]}, "several[1].x", "unknown_field"),
    ({"thingId": 1, "at": "2026-01-01T00:00:00"}, "at", "wrong_type"),
    # What a client names itself changes nothing of what is said about it.
    ({"thingId": 1, "missing required": 1}, "missing required", "unknown_field"),
    ({"thingId": 1, "of length": 1}, "of length", "unknown_field"),
    ({"thingId": 1, "a`b": 1}, "a`b", "unknown_field"),
    ({"thingId": 1, "kind": "missing required"}, "kind", "unknown_value"),
    ({"thingId": 1, "kind": "> 5 out of range"}, "kind", "unknown_value"),
]

UNREADABLE = [
    b"",
    b"{",
    b"{'thingId': 1}",
    b'{"thingId": 1}}',
    b'{"thingId": 01}',
    b'{"thingId": NaN}',
    b'{"thingId": 1, "name": "\x00"}',
    b'{"thingId": 1, "name": "\xff"}',
    b'{"thingId": 1, "name": "\xed\xa0\x80"}',
    b'{"thingId": 1, "name": "\\ud800"}',
    b'{"thingId": 1, "name": "\\udc00\\ud800"}',
    b'\xef\xbb\xbf{"thingId": 1}',
    '{"thingId": 1}'.encode("utf-16"),
]


def _error(refuse: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(InvalidInput) as refused:
        refuse()
    body = refused.value.body("id")
    (error,) = body.errors
    assert body.detail == f"{error.field}: {error.message}"
    return error.field, error.code


@pytest.mark.parametrize(("value", "field", "code"), REFUSED, ids=range(len(REFUSED)))
def test_a_refusal_names_the_field_and_the_reason(value: Any, field: str, code: str) -> None:
    assert _error(lambda: decode_json(json.dumps(value).encode(), Thing)) == (field, code)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("link", "must be a link"),
        ("emoji", "must be one emoji"),
        ("other", "does not have the form that is needed here"),
    ],
)
def test_of_an_expression_is_told_what_it_asks_for(field: str, words: str) -> None:
    class Reaction(msgspec.Struct):
        emoji: Emoji | None = None
        link: Annotated[str, Meta(pattern="^https?://", extra={TOLD: "must be a link"})] | None = None
        other: Annotated[str, Meta(pattern="^https?://")] | None = None

    with pytest.raises(InvalidInput) as refused:
        decode_text({field: "abc"}, Reaction)
    assert refused.value.errors == [Fault(field, "wrong_form", words)]


@pytest.mark.parametrize("body", UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_json(body, Thing)


def test_good_input_comes_through() -> None:
    body = {"thingId": 7, "name": "Ёж 😀", "ids": [1, 2], "inner": {"innerId": 3}, "at": "2026-01-01T00:00:00+03:00"}
    thing = decode_json(json.dumps(body).encode(), Thing)
    assert (thing.thing_id, thing.name, thing.ids) == (7, "Ёж 😀", [1, 2])
    assert thing.inner == Inner(inner_id=3)
    assert thing.at == datetime.fromisoformat("2025-12-31T21:00:00Z")
    written = rb'{"thingId": 7, "name": "\\u000"}'
    assert decode_json(written, Thing).name == "\\u000", "a backslash, not U+0000"


def test_what_a_client_named_at_length_comes_back_cut() -> None:
    for value in ({LONG: 1}, {"thingId": 1, "kind": LONG}, {"thingId": 1, "inner": {LONG: 1}}):
        with pytest.raises(InvalidInput) as refused:
            decode_json(json.dumps(value).encode(), Thing)
        assert len(json.dumps(msgspec.to_builtins(refused.value.body("id")))) < 2000


QUERIES: list[tuple[dict[str, str], str, str]] = [
    ({"limit": "0"}, "limit", "out_of_range"),
    ({"limit": "101"}, "limit", "out_of_range"),
    ({"limit": "9" * 5000}, "limit", "out_of_range"),
    ({"limit": ""}, "limit", "wrong_type"),
    ({"limit": "1.0"}, "limit", "wrong_type"),
    ({"limit": "1e1"}, "limit", "wrong_type"),
    ({"limit": "+1"}, "limit", "wrong_type"),
    ({"limit": " 1"}, "limit", "wrong_type"),
    ({"limit": "1_0"}, "limit", "wrong_type"),
    ({"limit": "\u0661"}, "limit", "wrong_type"),
    ({"limit": "null"}, "limit", "wrong_type"),
    ({"unread": "perhaps"}, "unread", "wrong_type"),
    ({"afterName": "123456"}, "afterName", "wrong_length"),
    ({"afterName": "\x00"}, "afterName", "forbidden_character"),
    ({"afterName": "\ud800"}, "afterName", "forbidden_character"),
    ({"after_name": "x"}, "after_name", "unknown_field"),
]


@pytest.mark.parametrize(("pairs", "field", "code"), QUERIES, ids=range(len(QUERIES)))
def test_parameters_are_refused_by_name(pairs: dict[str, str], field: str, code: str) -> None:
    assert _error(lambda: decode_text(pairs, Query)) == (field, code)


def test_good_parameters_come_through() -> None:
    query = decode_text({"limit": "100", "afterName": "7", "unread": "true"}, Query)
    assert (query.limit, query.after_name, query.unread) == (100, "7", True)
    assert decode_text({}, Query).limit == 50


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
# Field names as they are, so that values get past them.
NEARLY = st.dictionaries(st.sampled_from([*Thing.__struct_encode_fields__, "innerId", "$", "`"]), JSON)


def _only_problems(decode: Callable[..., object], *given: Any) -> None:
    problem: Problem | None = None
    try:
        decode(*given)
    except Problem as refused:
        problem = refused
    if problem is not None:
        assert problem.status == 400
        msgspec.json.encode(problem.body("id"))


@settings(deadline=None)
@given(st.binary() | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b'{"thingId": ' + b"9" * 100_000 + b"}")
@example(b'{"thingId": 1e' + b"9" * 100_000 + b"}")
@example(b'{"thingId": 1, "name": "\\u0000"}')
@example(b'{"q - at `$.x": 1}')
def test_any_bytes_become_a_value_or_a_problem(body: bytes) -> None:
    for kind in (Thing, Query):
        _only_problems(decode_json, body, kind)
        _only_problems(decode_outline, body, kind)


@settings(max_examples=50, deadline=None)
@given(NEARLY)
def test_any_values_become_a_value_or_a_problem(value: dict[str, Any]) -> None:
    _only_problems(decode_json, json.dumps(value).encode(), Thing)


@given(st.dictionaries(st.sampled_from(["limit", "afterName", "unread", "other"]) | st.text(), st.text()))
@example({"limit": "9" * 100_000})
@example({"limit": "\udcff"})
def test_any_parameters_become_a_value_or_a_problem(pairs: dict[str, str]) -> None:
    _only_problems(decode_text, pairs, Query)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=5))
def test_text_comes_through_as_it_is(name: str) -> None:
    for escaped in (True, False):
        body = json.dumps({"thingId": 1, "name": name}, ensure_ascii=escaped).encode()
        assert decode_json(body, Thing).name == name
