"""Where packets wait for a client that polls, since there is no socket that they could be posted to.

Each session that polls has an item in the live table, `mail#<sid>`:
    mail          the packets that wait, in order
    poll          the poll that waits for them, and `pollUntil`, when it gives up
    probedUntil   a WebSocket is about to take over: until then polls are answered at once
    movedTo       the WebSocket that has taken over: its connection's id and endpoint
    closing       the session ends with what waits
    endsAt        when it ends in any case, as a WebSocket does
    leaseUntil    the client is given up if it does not poll until then; `leaseShard` is the index of these
Adding and taking are one write each to one item, so nothing is lost between them and nothing is taken twice.
"""

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from chalicelib.core import clock
from chalicelib.core.aws import AwsError, dynamodb
from chalicelib.core.config import settings
from chalicelib.realtime.connections import Line
from chalicelib.realtime.outcome import Outcome

# As long as an upgrade may take: Engine.IO's own time.
PROBE_SECONDS = 10
# A poll follows on the answer to the one before it. A client that makes none for so long has gone.
ABSENT_SECONDS = 45
SHARDS = 4
# What waits together is read and written whole, and DynamoDB takes 400 KB; one packet is bounded as on a WebSocket.
_MOST_BYTES = 128 * 1024
_SPARE_SECONDS = 60
_PAGE = 200


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """A session as it was at one moment."""

    packets: list[str]
    poll: str | None
    poll_until: float
    probed_until: float
    moved_to: Line | None
    closing: bool
    ends_at: float

    @property
    def is_polled(self) -> bool:
        """Whether a poll waits."""
        return self.poll is not None and self.poll_until > clock.now()

    @property
    def must_answer(self) -> bool:
        """Whether a poll may wait no longer."""
        now = clock.now()
        return bool(self.packets) or self.closing or self.probed_until > now or self.ends_at <= now


def create(sid: str) -> None:
    """Opens a session's mailbox."""
    now = int(clock.now())
    item = {
        "pk": {"S": f"mail#{sid}"},
        "endsAt": {"N": str(now + settings().connection_seconds)},
        "expiresAt": {"N": str(now + settings().connection_seconds + _SPARE_SECONDS)},
        "leaseShard": {"S": f"poll#{zlib.crc32(sid.encode()) % SHARDS}"},
        "leaseUntil": {"N": str(_lease_end())},
    }
    dynamodb("PutItem", {"TableName": settings().live_table, "Item": item})


def find(sid: str) -> Mailbox | None:
    """A session's mailbox as it is now; None where there is none."""
    read = {"TableName": settings().live_table, "Key": _key(sid), "ConsistentRead": True}
    item = dynamodb("GetItem", read).get("Item")
    return None if item is None else _mailbox(item)


def append(sid: str, packets: Sequence[str]) -> Outcome | Line:
    """Adds packets; the WebSocket that they must go to instead, where the session has moved there.

    The session of a client that polls no more is gone, and so is one whose client leaves too much lying.
    """
    if max(map(len, packets)) > _MOST_BYTES:
        return Outcome.TOO_LARGE
    try:
        _update(
            sid,
            "SET mail = list_append(if_not_exists(mail, :none), :packets)",
            {":none": {"L": []}, ":packets": {"L": [{"S": text} for text in packets]}, ":now": _now()},
            condition="attribute_not_exists(movedTo) AND attribute_not_exists(closing) AND leaseUntil > :now",
        )
    except AwsError as error:
        if error.code == "ValidationException":  # more than an item holds
            delete(sid)
            return Outcome.GONE
        if error.code != "ConditionalCheckFailedException":
            raise
        found = find(sid)
        return Outcome.GONE if found is None or found.moved_to is None else found.moved_to
    return Outcome.POSTED


def begin(sid: str, poll: str) -> Mailbox | None:
    """Has a poll wait; answers the mailbox as it was before, None where there is none. It is a sign of life."""
    return _changed(
        sid,
        "SET poll = :poll, pollUntil = :until, leaseUntil = :lease",
        {
            ":poll": {"S": poll},
            ":until": {"N": str(int(clock.now()) + settings().poll_seconds + 1)},
            ":lease": {"N": str(_lease_end())},
        },
        condition="attribute_exists(pk) AND attribute_not_exists(movedTo)",
    )


def finish(sid: str, poll: str) -> Mailbox | None:
    """Ends a poll and takes what waits; None where the mailbox is gone, or another poll's."""
    return _changed(sid, "REMOVE mail, poll, pollUntil", {":poll": {"S": poll}}, condition="poll = :poll")


def probe(sid: str) -> bool:
    """Has polls answered at once, so that the client can change to a WebSocket. False where there is no mailbox."""
    until = {":until": {"N": str(int(clock.now()) + PROBE_SECONDS)}}
    condition = "attribute_exists(pk) AND attribute_not_exists(movedTo)"
    return _changed(sid, "SET probedUntil = :until", until, condition=condition) is not None


def move(sid: str, to: Line) -> Mailbox | None:
    """Leaves a mailbox for a WebSocket: what is added from now on goes there. Answers what waited until then.

    The item stays for a while, for whoever has found the session in the registry just before.
    """
    moved = {":to": {"S": msgspec.json.encode(to).decode()}, ":soon": {"N": str(int(clock.now()) + _SPARE_SECONDS)}}
    return _changed(
        sid,
        "SET movedTo = :to, expiresAt = :soon REMOVE mail, leaseShard, leaseUntil",
        moved,
        condition="attribute_exists(pk) AND attribute_not_exists(movedTo) AND attribute_not_exists(closing)",
    )


def close(sid: str) -> None:
    """Ends a session; its client hears so by the next poll, after what waits."""
    ending = {":yes": {"BOOL": True}, ":soon": {"N": str(int(clock.now()) + _SPARE_SECONDS)}}
    condition = "attribute_exists(pk) AND attribute_not_exists(movedTo)"
    _changed(sid, "SET closing = :yes, expiresAt = :soon", ending, condition=condition)


def delete(sid: str) -> None:
    """Removes a mailbox with what is in it."""
    dynamodb("DeleteItem", {"TableName": settings().live_table, "Key": _key(sid)})


def abandoned() -> Iterator[str]:
    """Removes the mailboxes of clients that poll no more, and answers their sessions."""
    for shard in range(SHARDS):
        query = {
            "TableName": settings().live_table,
            "IndexName": "by_lease",
            "KeyConditionExpression": "leaseShard = :shard AND leaseUntil < :now",
            "ExpressionAttributeValues": {":shard": {"S": f"poll#{shard}"}, ":now": _now()},
            "Limit": _PAGE,
        }
        for item in dynamodb("Query", query)["Items"]:
            sid = item["pk"]["S"].removeprefix("mail#")
            if _removed_if_absent(sid):
                yield sid


def _removed_if_absent(sid: str) -> bool:
    remove = {
        "TableName": settings().live_table,
        "Key": _key(sid),
        "ConditionExpression": "leaseUntil < :now",
        "ExpressionAttributeValues": {":now": _now()},
    }
    try:
        dynamodb("DeleteItem", remove)
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _changed(sid: str, expression: str, values: dict[str, Any], *, condition: str) -> Mailbox | None:
    """The mailbox as it was before a change; None where the condition does not hold."""
    try:
        return _mailbox(_update(sid, expression, values, condition=condition))
    except AwsError as error:
        if error.code != "ConditionalCheckFailedException":
            raise
        return None


def _update(sid: str, expression: str, values: dict[str, Any], *, condition: str) -> dict[str, Any]:
    update = {
        "TableName": settings().live_table,
        "Key": _key(sid),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_OLD",
    }
    old: dict[str, Any] = dynamodb("UpdateItem", update)["Attributes"]
    return old


def _mailbox(item: dict[str, Any]) -> Mailbox:
    def number(name: str) -> float:
        return float(item[name]["N"]) if name in item else 0.0

    return Mailbox(
        packets=[text["S"] for text in item["mail"]["L"]] if "mail" in item else [],
        poll=item["poll"]["S"] if "poll" in item else None,
        poll_until=number("pollUntil"),
        probed_until=number("probedUntil"),
        moved_to=msgspec.json.decode(item["movedTo"]["S"], type=Line) if "movedTo" in item else None,
        closing="closing" in item,
        ends_at=number("endsAt"),
    )


def _key(sid: str) -> dict[str, Any]:
    return {"pk": {"S": f"mail#{sid}"}}


def _now() -> dict[str, str]:
    return {"N": str(int(clock.now()))}


def _lease_end() -> int:
    return int(clock.now()) + settings().poll_seconds + ABSENT_SECONDS
