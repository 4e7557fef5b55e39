"""Several packets of Engine.IO in one body of HTTP.

Version 4 writes a separator between them. Version 3 writes the length before each, in the UTF-16 units that
JavaScript counts: `2:40`. Clients in Python write version 3 as bytes: 0, the digits of the length in bytes, 255, the
packet.

Source: https://socket.io/docs/v4/engine-io-protocol/ and https://github.com/socketio/engine.io-protocol/tree/v3
"""

from collections.abc import Iterator, Sequence

from chalicelib.realtime.packets import SEPARATOR, Engine

# A request must be done within the time that API Gateway gives it.
MOST_PACKETS = 500
_MOST_DIGITS = 7
_TEXT, _END_OF_LENGTH = 0, 255


def write(packets: Sequence[str], engine: Engine) -> str:
    """A body that carries these packets."""
    if engine == 4:
        return SEPARATOR.join(packets)
    return "".join(f"{_units(text)}:{text}" for text in packets)


def read(body: bytes, engine: Engine) -> list[str]:
    """The packets in a body. Raises ValueError where it is none, or has too many."""
    if engine == 4:
        packets = body.decode().split(SEPARATOR)
    elif body[:1] == bytes([_TEXT]):
        packets = list(_by_bytes(body))
    else:
        packets = list(_by_units(body.decode()))
    if not 0 < len(packets) <= MOST_PACKETS or "" in packets:
        raise ValueError("no packets, or too many")
    return packets


def _by_units(text: str) -> Iterator[str]:
    # In UTF-16 each unit has two bytes, also where two of them make one character.
    units = text.encode("utf-16-le")
    at = 0
    while at < len(units):
        head = units[at : at + 2 * _MOST_DIGITS + 2].decode("utf-16-le", "replace")
        digits, colon, _ = head.partition(":")
        start = at + 2 * (len(digits) + 1)
        at = start + 2 * _length(digits)
        if not colon or at > len(units):
            raise ValueError("a packet is shorter than it says")
        yield units[start:at].decode("utf-16-le")


def _by_bytes(body: bytes) -> Iterator[str]:
    at = 0
    while at < len(body):
        end = body.find(_END_OF_LENGTH, at, at + _MOST_DIGITS + 2)
        if body[at] != _TEXT or end < 0 or max(body[at:end]) > 9:
            raise ValueError("no length, or a binary packet")
        start = end + 1
        at = start + _length("".join(map(str, body[at + 1 : end])))
        if at > len(body):
            raise ValueError("a packet is shorter than it says")
        yield body[start:at].decode()


def _length(digits: str) -> int:
    if not digits.isascii() or not digits.isdigit():
        raise ValueError("no length")
    return int(digits)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
