"""Packets of Engine.IO 3 and 4, and of the Socket.IO in them, as far as a server of text needs them.

Source: https://socket.io/docs/v4/engine-io-protocol/ and https://socket.io/docs/v4/socket-io-protocol/. A message of
Engine.IO (`4`) holds a packet of Socket.IO: its type, `<attachments>-`, `<namespace>,`, an id for the ack, and JSON:
`42/rooms,7["message:send",{…}]`. With Engine.IO 3, which Socket.IO 2 speaks, clients ping, and the server connects
them to the default namespace unasked. Importing a library's codec would cost a cold start 120 ms.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from chalicelib.core.problems import ProblemBody

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0", "1", "2", "3", "4", "5", "6"
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = "0", "1", "2", "3", "4", "5", "6"
ROOT = "/"
# Between the packets of one payload in Engine.IO 4. JSON never has it as it is.
SEPARATOR = "\x1e"
Engine = Literal[3, 4]

# JavaScript counts its acks from 0; an id that no client can have made is no id.
_PACKET = re.compile(
    r"4(?P<type>[0-6])(?:[0-9]{1,3}-)?(?:(?P<namespace>/[^,]{0,200})(?:,|$))?(?P<id>[0-9]{1,15})?(?P<data>(?:[\[{\"].*)?)",
    re.DOTALL,
)


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """A packet of Socket.IO. `data` is JSON text, or empty; `id` is where an ack is asked for, or given."""

    type: str
    namespace: str = ROOT
    id: str | None = None
    data: str = ""


def read(text: str) -> Packet | None:
    """The packet in an Engine.IO message, None where it is none."""
    found = _PACKET.fullmatch(text)
    if found is None:
        return None
    namespace = (found["namespace"] or ROOT).partition("?")[0]
    return Packet(type=found["type"], namespace=namespace, id=found["id"], data=found["data"])


def write(kind: str, data: Any = None, *, namespace: str = ROOT, ack: str | None = None) -> str:
    """A packet as the Engine.IO message that carries it."""
    prefix = "" if namespace == ROOT else f"{namespace},"
    body = "" if data is None else msgspec.json.encode(data).decode()
    return f"{MESSAGE}{kind}{prefix}{ack or ''}{body}"


def refusal(problem: ProblemBody, namespace: str = ROOT, words: str | None = None) -> str:
    """Tells a client why it may not connect, in words that it looks for, where there are some."""
    reason = {"message": words or ("Unauthorized" if problem.status == 401 else problem.message), "data": problem}
    return write(CONNECT_ERROR, reason, namespace=namespace)


def connected(sid: str, engine: Engine, namespace: str = ROOT) -> str:
    """Tells a client that it is connected to a namespace. Socket.IO 2 takes no data there."""
    return write(CONNECT, None if engine == 3 else {"sid": sid}, namespace=namespace)


def handshake(sid: str, *, upgrades: Sequence[str], ping_seconds: int, patience_seconds: int, most_bytes: int) -> str:
    """The open packet: the server speaks first, and pings at least so often, or is given up."""
    told = {
        "sid": sid,
        "upgrades": upgrades,
        "pingInterval": ping_seconds * 1000,
        "pingTimeout": patience_seconds * 1000,
        "maxPayload": most_bytes,
    }
    return OPEN + msgspec.json.encode(told).decode()
