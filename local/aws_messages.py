"""What the stack's process and the process of the local AWS say to each other, over a socket between the two.

A message is its length in four bytes and then MessagePack.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from local.faults import Fault
from local.signatures import Credentials

LENGTH_BYTES = 4


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an object beside its bytes. `etag` is without quotes, `modified` in seconds since 1970."""

    bucket: str
    key: str
    size: int
    etag: str
    modified: float
    metadata: Mapping[str, str]


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of all tables, queues and buckets, as in the template. Dead letters come before their queue."""

    tables: Sequence[dict[str, Any]] = ()
    queues: Sequence[dict[str, Any]] = ()
    buckets: Sequence[dict[str, Any]] = ()


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """By which functions in the VPC reach a service. `blocked` says what keeps them from it, if anything does;
    `statements` are those of the endpoint's policy."""

    service: str
    blocked: str
    statements: Sequence[Mapping[str, Any]]


class Setup(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The first message. The answer is the port on which the services are.

    `directory` is where objects are kept, `listen` the host and port of the services; port 0 is a free one. With
    `whole` no call takes the short way past moto's front.
    """

    credentials: Credentials
    region: str
    directory: str | None
    resources: Resources
    endpoints: Sequence[Endpoint]
    log_level: int
    whole: bool
    listen: tuple[str, int]


class Reset(msgspec.Struct, frozen=True, tag=True):
    """Makes all resources anew and empty."""


class ShiftClock(msgspec.Struct, frozen=True, tag=True):
    """Signatures and policies are checked as if it were so many seconds later."""

    seconds: float


class Arm(msgspec.Struct, frozen=True, tag=True):
    """Arms a fault of a service."""

    fault: Fault
    of: str | None
    times: int | None
    value: float


class Disarm(msgspec.Struct, frozen=True, tag=True):
    """Takes back all that is armed."""


class CallQueue(msgspec.Struct, frozen=True, tag=True):
    """A call of SQS without a signature. The answer is SQS's own."""

    action: str
    payload: dict[str, Any]


class Receive(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A ReceiveMessage that ends early, with nothing, once there were more than `wakes` calls of `Wake`."""

    payload: dict[str, Any]
    wait: float
    wakes: int


class Wake(msgspec.Struct, frozen=True, tag=True):
    """Ends every `Receive` that knows of fewer wakes than these."""

    wakes: int


class Held(msgspec.Struct, frozen=True, tag=True):
    """Asks for the ids of all messages in a queue."""

    queue: str


class Outbox(msgspec.Struct, frozen=True, tag=True):
    """Asks for the letters that SES has taken, and for the notifications."""


Asked = Setup | Reset | ShiftClock | Arm | Disarm | CallQueue | Receive | Wake | Held | Outbox


class Request(msgspec.Struct, frozen=True, tag=True):
    """Asks the AWS process for something."""

    id: int
    asked: Asked


class Heard(msgspec.Struct, frozen=True, tag=True):
    """Says that the stack knows of a new object: its writer may be answered."""

    id: int


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The answer to a request, or in `error` why there is none."""

    id: int
    result: Any = None
    error: str | None = None


class Created(msgspec.Struct, frozen=True, tag=True):
    """There is a new object; `event` is as in "ObjectCreated:Post". `Heard` answers it."""

    id: int
    stored: StoredObject
    event: str


class Logged(msgspec.Struct, frozen=True, tag=True):
    """A line for the stack's log."""

    logger: str
    level: int
    text: str


ToAws = Request | Heard
FromAws = Answered | Created | Logged


def framed(message: ToAws | FromAws) -> bytes:
    """The message as it goes over the socket."""
    encoded = msgspec.msgpack.encode(message)
    return len(encoded).to_bytes(LENGTH_BYTES, "big") + encoded
