"""Spares moto work whose result it throws away. Its answers stay the same; a test compares them.

- SQS looks up one attribute of a queue by making all of them, several times for each message, and makes each
  attribute's Python name letter by letter.
- A DynamoDB transaction copies its whole tables, once for each of its writes, to have something to go back to.
"""

import copy
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import moto.sqs.models as sqs_models
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.sqs.models import Queue

_all_attributes = Queue.attributes.fget
_write_in_transaction = DynamoDBBackend.transact_write_items


class _Attributes(Mapping[str, Any]):
    """A queue's attributes. Those of which one was asked for are made alone."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def __getitem__(self, name: str) -> Any:
        queue = self._queue
        lone = [*queue.BASE_ATTRIBUTES, *(queue.FIFO_ATTRIBUTES if queue.fifo_queue else ())]
        if name not in lone or name in {"Policy", "RedrivePolicy"}:
            return _all_attributes(queue)[name]
        value = getattr(queue, sqs_models.camelcase_to_underscores(name))
        return str(value).lower() if isinstance(value, bool) else value

    def __iter__(self) -> Iterator[str]:
        return iter(_all_attributes(self._queue))

    def __len__(self) -> int:
        return len(_all_attributes(self._queue))


def tune() -> None:
    """Changes moto in this process."""
    sqs_models.camelcase_to_underscores = functools.cache(sqs_models.camelcase_to_underscores)
    Queue.attributes = property(_Attributes)
    DynamoDBBackend.transact_write_items = _transact_write_items


class _Uncopied:
    """While a transaction runs, its tables are their own copies."""

    def __enter__(self) -> None:
        Table.__deepcopy__ = lambda table, _: table

    def __exit__(self, *_: object) -> None:
        del Table.__deepcopy__


def _transact_write_items(backend: Any, transact_items: list[dict[str, Any]]) -> None:
    before = _written_items(backend, transact_items)
    if before is None:
        _write_in_transaction(backend, transact_items)
        return
    try:
        with _Uncopied():
            _write_in_transaction(backend, transact_items)
    except Exception:
        for table, key, item in before:
            table.items.pop(key, None)
            if item is not None:
                table.items[key] = item
        raise


def _written_items(backend: Any, transact_items: list[dict[str, Any]]) -> list[tuple[Any, DynamoType, Any]] | None:
    """Copies of all items that a transaction is about, with their tables and keys. None where that is not clear."""
    written = []
    for write in transact_items:
        operation = next(iter(write.values()))
        table = backend.tables.get(operation.get("TableName"))
        key = (operation.get("Item") or operation.get("Key") or {}).get(table.hash_key_attr) if table else None
        if table is None or table.range_key_attr is not None or not isinstance(key, dict) or len(key) != 1:
            return None
        name = DynamoType(key)
        written.append((table, name, copy.deepcopy(table.items.get(name))))
    return written
