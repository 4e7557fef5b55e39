"""What the assistant may use up: tokens of a user and of the whole server, a day in UTC.

They are taken before a model is asked, as many as it could use, and what it did not use is given back. The counters
may be lost with the table of live connections: a day then begins anew.
"""

import math
from typing import Any

from chalicelib.core import clock
from chalicelib.core.assistant_errors import AssistantSpent
from chalicelib.core.aws import AwsError, dynamodb
from chalicelib.core.config import settings

_DAY = 24 * 60 * 60
# A counter outlives its day, for answers that end after midnight.
_SPARE_SECONDS = 60 * 60


def take(user_id: int, tokens: int) -> int:
    """Takes tokens from what the user and the server have today; answers the day. Raises AssistantSpent."""
    day = int(clock.now()) // _DAY
    if not settings().rate_limits:
        return day
    limits = {_of_user(user_id, day): settings().assistant_user_tokens, _of_all(day): settings().assistant_tokens}
    taken: list[str] = []
    for counter, limit in limits.items():
        if not _add(counter, day, tokens, limit=limit):
            for before in taken:
                _add(before, day, -tokens)
            wait = math.ceil((day + 1) * _DAY - clock.now())
            raise AssistantSpent(headers={"Retry-After": str(max(wait, 1))})
        taken.append(counter)
    return day


def settle(user_id: int, day: int, *, taken: int, used: int) -> None:
    """Gives back what was taken and not used; or takes what was used beyond."""
    if settings().rate_limits and used != taken:
        for counter in (_of_user(user_id, day), _of_all(day)):
            _add(counter, day, used - taken)


def _of_user(user_id: int, day: int) -> str:
    return f"tokens#{day}#{user_id}"


def _of_all(day: int) -> str:
    return f"tokens#{day}"


def _add(counter: str, day: int, tokens: int, *, limit: int | None = None) -> bool:
    """Whether they were added: not where more than the limit would be used."""
    update: dict[str, Any] = {
        "TableName": settings().live_table,
        "Key": {"pk": {"S": counter}},
        "UpdateExpression": "ADD used :tokens SET expiresAt = :end",
        "ExpressionAttributeValues": {
            ":tokens": {"N": str(tokens)},
            ":end": {"N": str((day + 1) * _DAY + _SPARE_SECONDS)},
        },
    }
    if limit is not None:
        update["ConditionExpression"] = "used <= :left OR (attribute_not_exists(used) AND :tokens <= :limit)"
        update["ExpressionAttributeValues"] |= {":left": {"N": str(limit - tokens)}, ":limit": {"N": str(limit)}}
    try:
        dynamodb("UpdateItem", update)
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        return False
    return True
