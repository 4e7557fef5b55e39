"""Reads items by their keys straight from moto's tables: the product's own form of GetItem and BatchGetItem.

moto's handlers measure each item twice and copy it through four forms. What this module does not know for sure is
left to them: other parameters, other kinds of keys, refusals, and answers that come near DynamoDB's 16 MB.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.utilities import dynamo_to_dict

from local.events import ACCOUNT_ID

_SURELY_SMALL = 1_000_000
_MOST_KEYS = 100


def read_items(action: str, payload: dict[str, Any], region: str) -> bytes | None:
    """The body of the answer. None where moto's handler has to answer."""
    if action == "GetItem" and payload.keys() <= {"TableName", "Key", "ConsistentRead"}:
        found = _found(payload.get("TableName"), [payload.get("Key")], region)
        answer: dict[str, Any] | None = None if found is None else {"Item": found[0]} if found else {}
    elif action == "BatchGetItem" and payload.keys() == {"RequestItems"}:
        answer = _batch(payload["RequestItems"], region)
    else:
        answer = None
    body = msgspec.json.encode(answer) if answer is not None else b""
    return body if 0 < len(body) < _SURELY_SMALL else None


def _batch(requested: Any, region: str) -> dict[str, Any] | None:
    if not isinstance(requested, dict) or len(requested) != 1:
        return None
    ((table, wanted),) = requested.items()
    if not isinstance(wanted, dict) or not wanted.keys() <= {"Keys", "ConsistentRead"}:
        return None
    keys = wanted.get("Keys")
    if not isinstance(keys, list) or not 0 < len(keys) <= _MOST_KEYS:
        return None
    found = _found(table, keys, region)
    if found is None:
        return None
    consumed = [{"CapacityUnits": len(keys), "TableName": table}]
    return {"ConsumedCapacity": consumed, "Responses": {table: found}, "UnprocessedKeys": {}}


def _found(name: Any, keys: Sequence[Any], region: str) -> list[dict[str, Any]] | None:
    """The items that there are, in the order of their keys, which have to differ."""
    table = dynamodb_backends[ACCOUNT_ID][region].tables.get(name) if isinstance(name, str) else None
    if table is None or table.range_key_attr is not None:
        return None
    values = [_text(key, table.hash_key_attr) for key in keys]
    if None in values or len(set(values)) < len(values):
        return None
    items = (table.items.get(DynamoType({"S": value})) for value in values)
    return [{name: _written(value) for name, value in item.attrs.items()} for item in items if item is not None]


def _text(key: Any, hash_key: str) -> str | None:
    """The value of a key that is one string, and not empty."""
    if isinstance(key, dict) and len(key) == 1:
        value = key.get(hash_key)
        if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("S"), str):
            return value["S"] or None
    return None


def _written(value: Any) -> Any:
    """A value as it stands in JSON."""
    kind, content = value.type, value.value
    if kind == "M":
        return {kind: {name: _written(item) for name, item in content.items()}}
    if kind == "L":
        return {kind: [_written(item) for item in content]}
    return dynamo_to_dict(value) if kind in {"B", "BS"} else {kind: content}
