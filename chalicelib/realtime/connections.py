"""The registry of live connections in DynamoDB: what may be lost, since a client that reconnects makes it anew.

Items of the table, by `pk`:
    user#<userId>   one attribute `c#<connectionId>` a connection; `leaseUntil`: until when the user counts as online
                    without a sign of life; `leaseShard`: the index for leases that run out. `devicesUntil`: the user
                    may have devices that are notified (realtime/absent.py), and the item stays until then.
                    `hooks`: the chats of the webhooks that they keep (realtime/hooks.py)
    conn#<id>       whose connection it is, for the frames that come in on it; a Socket.IO one is also in the index,
                    by the minute in which it is pinged. `pending`: nobody has logged in on it yet
    ticket#<jti>    a ticket that was used
    ended#<sid>     a session that was ended, for as long as an access token of it could still be valid
All of them carry `expiresAt` (epoch seconds), DynamoDB's time to live.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from chalicelib.core import clock
from chalicelib.core.aws import dynamodb
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import SessionEnded
from chalicelib.realtime import live_items, tickets
from chalicelib.realtime.ended import check_not_ended
from chalicelib.realtime.packets import ROOT, Engine

# API Gateway closes a connection that was silent for ten minutes, and says so nearly always. A lease is for when it
# does not. It is longer, since each renewal is three writes: a session of a quarter of an hour has none.
LEASE_SECONDS = 1230
LEASE_SHARDS = 8
# Each minute another one of so many parts of the Socket.IO connections is pinged: twice within the gateway's ten.
PING_MINUTES = 4
_PING_PAGE = 500  # with their names and endpoints, well inside SQS's 256 KB
# Items outlive what they are about by this much: clocks differ a little.
_SPARE_SECONDS = 60
# So long 410 may only mean that the `$connect` which registered a connection has not returned yet.
_YOUNG_SECONDS = 10
# The endpoint of a client that polls.
MAILBOX = "mailbox"
_KNOWN = 5_000  # as many as one warm container sees; the oldest is dropped first


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A socket, whoever it belongs to. `endpoint` is where frames to it are posted; a client that polls has none."""

    id: str
    endpoint: str

    @property
    def polls(self) -> bool:
        """Whether frames wait for it in a mailbox."""
        return self.endpoint == MAILBOX

    @property
    def name(self) -> str:
        """What it may be called to anybody: who knows the id of a client that polls can speak in its place."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:22] if self.polls else self.id


class Connection(Line, frozen=True, kw_only=True, omit_defaults=True):
    """A registered connection, and how it is spoken to: `vocabulary` is one of `vocabularies`, or our own.

    `namespace` is the one of Socket.IO that it is connected to, one at a time; `engine` is the version of Engine.IO
    under it, and `since` when it was registered, in seconds since the epoch.
    """

    user_id: int
    session_id: int
    format: Literal["native", "socketio"] = "native"
    engine: Engine = 4
    vocabulary: str | None = None
    namespace: str = ROOT
    since: int = 0

    @property
    def is_young(self) -> bool:
        """Whether it was registered so short a time ago that it may not be open yet."""
        return self.since > clock.now() - _YOUNG_SECONDS

    @property
    def actor(self) -> Actor:
        """Who acts by a frame on this connection."""
        return Actor(user_id=self.user_id, session_id=self.session_id)


class Pending(Line, frozen=True, kw_only=True, omit_defaults=True):
    """A Socket.IO connection that nobody has logged in on yet, and what its handshake showed, which was verified.

    `upgrades` is the session that has polled until now, and is about to change to this WebSocket.
    """

    engine: Engine = 4
    upgrades: str | None = None
    vocabulary: str | None = None
    actor: Actor | None = None
    ticket_id: str | None = None

    @property
    def logs_in_once_open(self) -> bool:
        """Whether it hears nothing until the packet that opens its conversation has arrived, and logs in by that.

        Socket.IO 2 asks for nothing: its handshake has all that it shows. Its clients drop what comes before.
        """
        return self.engine == 3 and self.actor is not None and not self.polls


# Connections this container has met, and when it renewed each one's lease: who owns one never changes, and a closed
# one sends no frames.
_known: dict[str, Connection] = {}
_renewed: dict[str, float] = {}


def await_login(pending: Pending) -> None:
    """Keeps a connection until somebody logs in on it by `register`; until then it can do and hear nothing."""
    shown = msgspec.json.encode(pending).decode()
    item = {
        "pk": {"S": f"conn#{pending.id}"},
        "pending": {"S": shown},
        "expiresAt": {"N": str(_expiry(int(clock.now())))},
    }
    dynamodb("PutItem", {"TableName": settings().live_table, "Item": item})


def register(connection: Connection, *, ticket_id: str | None = None, instead_of: Connection | None = None) -> None:
    """Admits a connection: its session has not ended, and its ticket was not used before. Each step may be repeated.

    It takes the place of the one that it is `instead_of`. In place of a dearer transaction the session is looked at
    twice: who ends it is seen here, or sees the connection. Raises SessionEnded or Unauthenticated.
    """
    now = int(clock.now())
    check_not_ended(connection.session_id)
    if ticket_id is not None:
        tickets.use(ticket_id, by=connection.id)
    described = {**_described(connection), "since": {"N": str(now)}}
    _enter_user(connection, described, now, instead_of)
    try:
        check_not_ended(connection.session_id)
    except SessionEnded:
        forget(connection)
        raise
    _enter_owner(connection, described, now)
    if instead_of is not None:
        _forget(instead_of.id)
        dynamodb("DeleteItem", {"TableName": settings().live_table, "Key": live_items.key(f"conn#{instead_of.id}")})
    _remember(connection, now)


def _enter_user(
    connection: Connection, described: Mapping[str, Any], now: int, instead_of: Connection | None
) -> None:
    """From now on it hears what its user hears."""
    update = (
        "SET #c = :c, leaseUntil = :lease, leaseShard = :shard, expiresAt = if_not_exists(devicesUntil, :expires)"
    )
    names = {"#c": f"c#{connection.id}"}
    if instead_of is not None:
        update, names = f"{update} REMOVE #old", {**names, "#old": f"c#{instead_of.id}"}
    values = {":c": {"M": described}, ":expires": {"N": str(_expiry(now))}, **_lease(connection.user_id, now)}
    live_items.update_user(
        connection.user_id, UpdateExpression=update, ExpressionAttributeNames=names, ExpressionAttributeValues=values
    )


def _enter_owner(connection: Connection, described: Mapping[str, Any], now: int) -> None:
    """From now on its frames are its user's."""
    expires = {"N": str(_expiry(now))}
    owner = {
        **live_items.key(f"conn#{connection.id}"),
        "userId": {"N": str(connection.user_id)},
        "expiresAt": expires,
        **described,
    }
    if connection.format == "socketio" and connection.engine == 4:  # with 3 the client pings
        part = zlib.crc32(connection.id.encode()) % PING_MINUTES
        owner |= {"leaseShard": {"S": f"ping#{part}"}, "leaseUntil": expires}
    dynamodb("PutItem", {"TableName": settings().live_table, "Item": owner})


def find(connection_id: str, *, anew: bool = False) -> Connection | Pending | None:
    """A connection by its id, None where it is not known. One call the first time a container asks, and `anew`."""
    known = None if anew else _known.get(connection_id)
    if known is None:
        # What is asked for once hardly changes: a copy that has it is right, and costs half.
        item = _owner(connection_id, consistent=anew)
        if (not item or "pending" in item) and not (item := _owner(connection_id, consistent=True)):
            return None
        if "pending" in item:
            return msgspec.json.decode(item["pending"]["S"], type=Pending)
        known = _described_by(connection_id, int(item["userId"]["N"]), item)
        # Connecting was a sign of life, and the item's expiry tells when that was.
        _remember(known, int(item["expiresAt"]["N"]) - settings().connection_seconds - _SPARE_SECONDS)
    return known


def _owner(connection_id: str, *, consistent: bool) -> dict[str, Any]:
    asked = {"Key": live_items.key(f"conn#{connection_id}"), "ConsistentRead": consistent}
    return dict(dynamodb("GetItem", {"TableName": settings().live_table, **asked}).get("Item", {}))


def renewal_seconds(heartbeat_seconds: float) -> float:
    """How old a lease may be before a frame renews it: the next frame, a heartbeat later, must still find it."""
    return min(heartbeat_seconds * 4, LEASE_SECONDS - heartbeat_seconds - _SPARE_SECONDS)


def renew(connection: Connection) -> bool:
    """Notes a sign of life, where that is due. True where a call was made."""
    now = clock.now()
    if now - _renewed.get(connection.id, 0) < renewal_seconds(settings().heartbeat_seconds):
        return False
    _renewed[connection.id] = now
    live_items.update_user(
        connection.user_id,
        UpdateExpression="SET leaseUntil = :lease, leaseShard = :shard",
        ConditionExpression="attribute_exists(#c)",
        ExpressionAttributeNames={"#c": f"c#{connection.id}"},
        ExpressionAttributeValues=_lease(connection.user_id, int(now)),
    )
    return True


def release(connection_id: str) -> Connection | None:
    """Takes a closed connection out of the registry; answers whose it was, None where nobody's, or out already."""
    answer = dynamodb(
        "DeleteItem",
        {
            "TableName": settings().live_table,
            "Key": live_items.key(f"conn#{connection_id}"),
            "ReturnValues": "ALL_OLD",
        },
    )
    item = answer.get("Attributes")
    if item is None or "pending" in item:
        return None
    connection = _described_by(connection_id, int(item["userId"]["N"]), item)
    forget(connection)
    return connection


def forget(connection: Connection) -> None:
    """Stops posting to a connection that is gone. Its `conn#` item is left to `$disconnect` or its time to live."""
    _forget(connection.id)
    live_items.update_user(
        connection.user_id,
        UpdateExpression="REMOVE #c",
        ExpressionAttributeNames={"#c": f"c#{connection.id}"},
    )


def alive(user_ids: Sequence[int]) -> list[Connection]:
    """The connections of those of these users whose lease has not run out."""
    return [
        connection
        for item in live_items.users(user_ids)
        if float(item.get("leaseUntil", {"N": "0"})["N"]) > clock.now()
        for connection in connections_in(item)
    ]


def to_ping(minute: int) -> Iterator[list[Line]]:
    """The Socket.IO connections whose turn comes in this minute, in pages."""
    query: dict[str, Any] = {
        "TableName": settings().live_table,
        "IndexName": "by_lease",
        "KeyConditionExpression": "leaseShard = :part AND leaseUntil > :now",
        "ExpressionAttributeValues": {
            ":part": {"S": f"ping#{minute % PING_MINUTES}"},
            ":now": {"N": str(int(clock.now()))},
        },
        "Limit": _PING_PAGE,
    }
    while True:
        answer = dynamodb("Query", query)
        # The index knows names alone; an item that went meanwhile is not there any more.
        yield [
            Line(id=item["pk"]["S"].removeprefix("conn#"), endpoint=item["endpoint"]["S"])
            for item in live_items.items([{"pk": item["pk"]} for item in answer["Items"]])
        ]
        if "LastEvaluatedKey" not in answer:
            return
        query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _expiry(now: int) -> int:
    return now + settings().connection_seconds + _SPARE_SECONDS


def _described(connection: Connection) -> dict[str, Any]:
    """What both items say of a connection; defaults are left out, since each push reads them of everybody."""
    described = {"endpoint": {"S": connection.endpoint}, "sessionId": {"N": str(connection.session_id)}}
    if connection.format != "native":
        described["format"] = {"S": connection.format}
    if connection.engine != 4:
        described["engine"] = {"N": str(connection.engine)}
    if connection.vocabulary is not None:
        described["vocabulary"] = {"S": connection.vocabulary}
    if connection.namespace != ROOT:
        described["namespace"] = {"S": connection.namespace}
    return described


def _described_by(connection_id: str, user_id: int, described: Mapping[str, Any]) -> Connection:
    return Connection(
        id=connection_id,
        endpoint=described["endpoint"]["S"],
        user_id=user_id,
        session_id=int(described["sessionId"]["N"]),
        format="socketio" if described.get("format") == {"S": "socketio"} else "native",
        engine=3 if described.get("engine") == {"N": "3"} else 4,
        vocabulary=described["vocabulary"]["S"] if "vocabulary" in described else None,
        namespace=described.get("namespace", {"S": ROOT})["S"],
        since=int(described["since"]["N"]),
    )


def _remember(connection: Connection, alive_at: float) -> None:
    if len(_known) >= _KNOWN:
        _forget(next(iter(_known)))
    _known[connection.id] = connection
    _renewed[connection.id] = alive_at


def _lease(user_id: int, now: int) -> dict[str, Any]:
    return {":lease": {"N": str(now + LEASE_SECONDS)}, ":shard": {"S": str(user_id % LEASE_SHARDS)}}


def connections_in(item: dict[str, Any]) -> Iterable[Connection]:
    """The connections that a user's item names."""
    for name, value in item.items():
        if name.startswith("c#"):
            yield _described_by(name[2:], live_items.user_id(item), value["M"])


def _forget(connection_id: str) -> None:
    _known.pop(connection_id, None)
    _renewed.pop(connection_id, None)
