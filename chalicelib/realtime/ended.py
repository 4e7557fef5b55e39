"""Sessions that were ended, as the registry of connections has to know them."""

from collections.abc import Iterable

from chalicelib.core import clock
from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.core.errors import SessionEnded

# DynamoDB's own bound on one call.
_BATCH_WRITE = 25
# Clocks differ a little.
_SPARE_SECONDS = 60


def check_not_ended(session_id: int) -> None:
    """Raises SessionEnded."""
    asked = {"Key": {"pk": {"S": f"ended#{session_id}"}}, "ConsistentRead": True}
    if dynamodb("GetItem", {"TableName": settings().live_table, **asked}).get("Item"):
        raise SessionEnded()


def end_sessions(session_ids: Iterable[int]) -> None:
    """Keeps ended sessions from connecting again while an access token of theirs is still valid."""
    longest = max(settings().access_token_seconds, settings().token_seconds)
    expires = int(clock.now()) + longest + _SPARE_SECONDS
    writes = [
        {"PutRequest": {"Item": {"pk": {"S": f"ended#{session_id}"}, "expiresAt": {"N": str(expires)}}}}
        for session_id in session_ids
    ]
    for start in range(0, len(writes), _BATCH_WRITE):
        waiting = {settings().live_table: writes[start : start + _BATCH_WRITE]}
        while waiting:
            waiting = dynamodb("BatchWriteItem", {"RequestItems": waiting}).get("UnprocessedItems") or {}
