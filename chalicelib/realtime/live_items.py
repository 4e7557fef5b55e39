"""The live table's items by their keys: what `connections` and `leases` read and write in DynamoDB."""

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.core.aws import TOTAL_SECONDS, AwsError, dynamodb
from chalicelib.core.config import settings

# DynamoDB's own bound on one call.
_BATCH_GET = 100


def key(pk: str) -> dict[str, Any]:
    """The key of an item, as DynamoDB's calls have it."""
    return {"pk": {"S": pk}}


def users(
    user_ids: Sequence[int], within: float = TOTAL_SECONDS, *, consistent: bool = True
) -> Iterable[dict[str, Any]]:
    """The items of these users, each once; those who never connected have none."""
    return items([key(f"user#{user_id}") for user_id in dict.fromkeys(user_ids)], within, consistent=consistent)


def items(
    keys: Sequence[dict[str, Any]], within: float = TOTAL_SECONDS, *, consistent: bool = True
) -> Iterable[dict[str, Any]]:
    """The items of these keys, in no order: a call a hundred, each within so many seconds."""
    for start in range(0, len(keys), _BATCH_GET):
        waiting = {settings().live_table: {"Keys": keys[start : start + _BATCH_GET], "ConsistentRead": consistent}}
        while waiting:
            answer = dynamodb("BatchGetItem", {"RequestItems": waiting}, within=within)
            yield from answer["Responses"].get(settings().live_table, [])
            waiting = answer.get("UnprocessedKeys") or {}


def update_user(user_id: int, **update: Any) -> None:
    """Changes a user's item, unless a condition of the update forbids it."""
    try:
        dynamodb("UpdateItem", {"TableName": settings().live_table, "Key": key(f"user#{user_id}"), **update})
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise


def user_id(item: dict[str, Any]) -> int:
    """Whose item it is."""
    return int(item["pk"]["S"].removeprefix("user#"))
