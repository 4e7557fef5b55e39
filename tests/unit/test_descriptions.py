"""Every property and parameter of the documents says what it is, and the table has nothing besides."""

from collections.abc import Iterator
from typing import Any

from chalicelib.entry.documents import aliases_document, asyncapi_document, openapi_document
from chalicelib.features.ops.descriptions import FIELDS


def _described(document: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    for name, schema in document["components"]["schemas"].items():
        for field, kind in schema.get("properties", {}).items():
            yield name, field, kind.get("description")
    for path, operations in document.get("paths", {}).items():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if "$ref" not in parameter:
                    yield path, parameter["name"], parameter.get("description")


def test_nothing_lacks_a_description_and_none_is_idle() -> None:
    found = [
        one
        for document in (openapi_document(), aliases_document(), asyncapi_document())
        for one in _described(document)
    ]
    assert len(found) > 1_000
    assert [(name, field) for name, field, text in found if not text] == [], "say it in ops/descriptions.py"
    told = {text for _, _, text in found}
    assert [key for key, text in FIELDS.items() if text not in told] == []
