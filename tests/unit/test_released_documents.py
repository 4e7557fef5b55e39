"""A client that was made from the documents of the last version works with today's service."""

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.entry.documents import asyncapi_document, openapi_document
from local.released import DOCUMENTS
from tests.support.breaking import breaks, frame_breaks

# What looks like a break and is none, by what the comparison says of it.
_HARMLESS = {
    r".*: the parameter x-request-id: the pattern is .*": "another form was taken, and is, and gets another id",
    r".*emoji: the pattern is .*": "the rule is the older one, written so that every generator can read it",
    r"(GET /sync: 200|ack-sync\.data)\.events\[\]\.data\.chatId: is gone": "new types, of no chat, are skipped",
}


def _released(name: str) -> Any:
    return json.loads((DOCUMENTS / f"{name}.json").read_text())


def test_nothing_breaks_a_client_of_the_last_version() -> None:
    found = [
        *breaks(_released("openapi"), openapi_document()),
        *frame_breaks(_released("asyncapi"), asyncapi_document()),
    ]
    assert [each for each in found if not any(re.fullmatch(known, each) for known in _HARMLESS)] == []
    for known in _HARMLESS:
        assert any(re.fullmatch(known, each) for each in found), f"is no break any more: {known}"


def _schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def _properties(document: Any, name: str) -> Any:
    return _schema(document, name)["properties"]


def _lower_limit(document: Any) -> None:
    (limit,) = [each for each in document["paths"]["/chats"]["get"]["parameters"] if each.get("name") == "limit"]
    limit["schema"]["maximum"] = 5


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "PUT /messages/{message_id}: is gone": lambda d: d["paths"]["/messages/{message_id}"].pop("put"),
    "GET /users/me: 200.username: is gone": lambda d: _properties(d, "User").pop("username"),
    "GET /users/me: 200.username: may be absent now": lambda d: _schema(d, "User")["required"].remove("username"),
    "GET /users/me: 200.username: may be integer now": lambda d: _properties(d, "User").update(
        username={"type": "integer"}
    ),
    "GET /users/me: 200.username: may be null now": lambda d: _properties(d, "User").update(
        username={"anyOf": [{"type": "string"}, {"type": "null"}]}
    ),
    "POST /auth/login.password: is gone": lambda d: _properties(d, "Credentials").pop("password"),
    "POST /auth/login.code: is required now": lambda d: _schema(d, "Credentials")["required"].append("code"),
    "POST /auth/login.password: maxLength is 3 now": lambda d: _properties(d, "Credentials")["password"].update(
        maxLength=3
    ),
    "GET /chats: the parameter limit: maximum is 5 now": _lower_limit,
}


@pytest.mark.parametrize("said", list(_CHANGES))
def test_a_change_that_breaks_clients_is_found(said: str) -> None:
    document = openapi_document()
    changed = copy.deepcopy(document)
    assert list(breaks(document, changed)) == []
    _CHANGES[said](changed)
    assert said in set(breaks(document, changed))
