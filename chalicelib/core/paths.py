"""The paths to a host: its IPv6 addresses and its IPv4 ones, and which of the two to try first.

A function in dual-stack subnets reaches the internet by IPv6 alone, a laptop often by IPv4 alone, and a host of AWS
may have addresses of both. A family without a route may refuse at once or swallow every packet. So connections begin
with the family that the resolver puts first, or that worked last; the other one begins a moment later (RFC 8305).
"""

import collections
import contextlib
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

# How long an address has for itself before the next one is tried beside it.
HEAD_START_SECONDS = 0.25
# Hosts with two paths answer in milliseconds. A kept connection that is silent for longer has lost its path, or was
# closed while this container was frozen.
SILENT_SECONDS = 1.0


class Address(NamedTuple):
    """One address of a host. `where` is what a socket of this family connects to."""

    family: int
    where: Any


# By host name: the family to begin with, and the families that its last resolution found.
_first: dict[str, int] = {}
_families: dict[str, set[int]] = {}


def forget() -> None:
    """Forgets what was learned: for tests."""
    _first.clear()
    _families.clear()


def ordered(name: str, found: Sequence[tuple[Any, ...]]) -> list[Address]:
    """The addresses that `getaddrinfo` found for a host, of both families in turn, the better family first."""
    addresses = list(dict.fromkeys(Address(entry[0], entry[4]) for entry in found))
    families = list(dict.fromkeys(address.family for address in addresses))
    _families[name] = set(families)
    first = _first.setdefault(name, families[0])
    families.sort(key=lambda family: family != first)
    queues = [collections.deque(each for each in addresses if each.family == family) for family in families]
    return list(_in_turn(queues))


def worked(name: str, family: int) -> None:
    """A connection by this family stands: begin with it the next time."""
    _first[name] = family


def went_silent(name: str, family: int) -> None:
    """A connection by this family has lost its path: begin with the other one."""
    others = _families.get(name, set()) - {family}
    if others:
        _first[name] = min(others)


def has_another(name: str, family: int) -> bool:
    """Whether the host can be reached by another family too."""
    return bool(_families.get(name, set()) - {family})


def connect(name: str, port: int, patience: float) -> socket.socket:
    """A connection to the first address that takes one, within so many seconds. Raises OSError."""
    addresses = collections.deque(ordered(name, socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)))
    with _Race(time.monotonic() + patience) as race:
        while addresses:
            race.start(addresses.popleft())
            winner = race.winner(HEAD_START_SECONDS if addresses else patience)
            if winner is not None:
                worked(name, winner.family)
                return winner
        raise race.error


class _Race:
    """Connections that are being made side by side, until one stands."""

    def __init__(self, until: float) -> None:
        self.error: OSError = TimeoutError("no address answers")
        self._until = until
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> "_Race":
        return self

    def __exit__(self, *_: object) -> None:
        for key in list(self._selector.get_map().values()):
            self._drop(key.fileobj)
        self._selector.close()

    def start(self, address: Address) -> None:
        """Begins one more."""
        line = None
        try:
            line = socket.socket(address.family, socket.SOCK_STREAM)
            line.settimeout(0)
            with contextlib.suppress(BlockingIOError):
                line.connect(address.where)
            self._selector.register(line, selectors.EVENT_WRITE)
        except OSError as error:  # this machine has no such family, or no route
            self.error = error
            if line is not None:
                line.close()

    def winner(self, seconds: float) -> socket.socket | None:
        """The first that stands within so many seconds; None once all have failed, or the time is up."""
        until = min(time.monotonic() + seconds, self._until)
        while self._selector.get_map():
            ready = self._selector.select(max(until - time.monotonic(), 0))
            for key, _ in ready:
                line = key.fileobj
                assert isinstance(line, socket.socket)
                code = line.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    self._selector.unregister(line)
                    return line
                self.error = OSError(code, "cannot connect")
                self._drop(line)
            if not ready:
                return None
        return None

    def _drop(self, line: Any) -> None:
        self._selector.unregister(line)
        line.close()


def _in_turn(queues: Sequence[collections.deque[Address]]) -> Iterator[Address]:
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.popleft()
