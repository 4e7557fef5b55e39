"""Sync's cursors: how a client is told where it stands, and how that is read again."""

import base64
import binascii

import msgspec

# What a client may send; a cursor that names two of the longest snapshots fits.
CURSOR_LENGTH = 4_000
# A snapshot names every transaction that runs; a cursor has room for two of this length.
_SNAPSHOT_LENGTH = 1_200
# The position of a cursor that is between two runs of pages. Version 0.2.0 writes the same.
BEGINNING = (-1, 0, 0)


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """`since`: seen up to here; `until`: what the pages under way lead to, and the key of the last one's last row."""

    epoch: str
    since: str
    until: str | None = None
    position: tuple[int, int, int] = BEGINNING


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """A client that knows only when it was connected: seconds since the epoch."""

    at: int


def cursor_at(seconds: float) -> str:
    """A cursor for a client that has everything up to a time; for those who cannot ask PostgreSQL."""
    # Clocks differ a little; what is told twice does no harm.
    return write_cursor(Moment(int(seconds) - 10))


def write_cursor(cursor: Cursor | Moment) -> str:
    """A cursor as the client keeps it."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def read_cursor(cursor: str) -> Cursor | Moment | None:
    """What a client sent; None where it is no cursor of ours."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        parts = msgspec.json.decode(text, type=list[object])
        return msgspec.convert(parts, Moment) if len(parts) == 1 else msgspec.convert(parts, Cursor)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None


def ends(snapshot: str) -> int:
    """The first transaction that a snapshot has not seen."""
    return int(snapshot.split(":")[1])


def bounded(snapshot: str) -> str:
    """A snapshot of very many running transactions, as one that saw nothing from the first of them on.

    What had committed between them is told twice, which does no harm; a cursor that is too long could not be used.
    """
    if len(snapshot) <= _SNAPSHOT_LENGTH:
        return snapshot
    first = snapshot.partition(":")[0]
    return f"{first}:{first}:"
