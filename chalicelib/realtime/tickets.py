"""Tickets that open a socket, of which each works once."""

from chalicelib.core import clock
from chalicelib.core.aws import AwsError, dynamodb
from chalicelib.core.config import settings
from chalicelib.core.errors import Unauthenticated

# Clocks differ a little.
_SPARE_SECONDS = 60


def use(ticket_id: str, *, by: str) -> None:
    """Notes that a connection has used it. Raises Unauthenticated where another one has.

    A call that is repeated after a lost answer finds that this connection has.
    """
    expires = int(clock.now()) + settings().ticket_seconds + _SPARE_SECONDS
    used = {
        "pk": {"S": f"ticket#{ticket_id}"},
        "usedBy": {"S": by},
        "expiresAt": {"N": str(expires)},
    }
    put = {
        "TableName": settings().live_table,
        "Item": used,
        "ConditionExpression": "attribute_not_exists(pk) OR usedBy = :connection",
        "ExpressionAttributeValues": {":connection": {"S": by}},
    }
    try:
        dynamodb("PutItem", put)
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        raise Unauthenticated("The ticket was used already.") from None
