"""The paths of all reference systems in one table: each leads to the very endpoint that it names."""

from pathlib import Path
from typing import Any

import pytest

from chalicelib.entry.aliases import ALIASES
from chalicelib.entry.blueprints import endpoints
from tests.support.documents import whole_document
from tests.support.people import Register

ROOT = Path(__file__).parents[2]
READING = [alias for alias in ALIASES if alias.startswith("GET ")]


def test_an_alias_is_the_endpoint_itself() -> None:
    known = {endpoint.name: endpoint for endpoint in endpoints()}
    for alias, name in ALIASES.items():
        assert known[alias].handler is known[name].handler
        assert known[alias].alias_of == name
        assert known[name].alias_of is None, "no alias of an alias"


def test_the_document_says_so() -> None:
    paths = whole_document()["paths"]

    def operation(name: str) -> dict[str, Any]:
        method, _, path = name.partition(" ")
        found: dict[str, Any] = paths[path][method.lower()]
        return found

    for alias, name in ALIASES.items():
        assert operation(alias)["x-alias-of"] == name
        assert operation(alias)["deprecated"] is True
        for part in ("requestBody", "security", "tags"):
            assert operation(alias).get(part) == operation(name).get(part), alias
        # Links name operations of the same document, and the endpoints are in the other one.
        assert operation(alias)["responses"] == _without_links(operation(name)["responses"]), alias


def test_the_guide_names_each() -> None:
    guide = (ROOT / "docs/protocol.md").read_text()
    assert [alias for alias in ALIASES if f"`{alias}" not in guide] == []


def _without_links(responses: Any) -> Any:
    return {
        status: {part: described for part, described in response.items() if part != "links"}
        for status, response in responses.items()
    }


@pytest.mark.parametrize("alias", READING)
def test_it_answers_the_same(person: Register, alias: str) -> None:
    alice, bob = person("alice"), person("bob")
    chat = alice.chat_with(bob, name="Friends")
    alice.http.patch(f"/chats/{chat}", json={"isPublic": True}).raise_for_status()
    alice.send(chat, "hello")
    paths = [line.partition(" ")[2] for line in (alias, ALIASES[alias])]
    answers = []
    for path in paths:
        answers.append(bob.http.get(path.format(chat_id=chat)))
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers.get("etag") == answers[1].headers.get("etag")


def test_idempotency_keys_work_there_too(person: Register) -> None:
    alice = person("alice")
    body = {"filename": "a.txt", "contentType": "text/plain", "size": 5}
    first, again = (alice.http.post("/upload", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
