"""Waiting until the service has noticed who is there."""

import time

from tests.support.people import Person
from tests.support.server import Server
from tests.support.socket import Socket


def come(server: Server, *people: Person) -> list[Socket]:
    """A device of each, in this order, known to be there."""
    sockets = []
    for someone in people:
        sockets.append(someone.socket())
        noticed(server, someone, True)
    return sockets


def noticed(server: Server, someone: Person, is_there: bool) -> None:
    """Waits until it is known whether a device of somebody is there, and was told."""
    until = time.monotonic() + 20
    while server.sql("SELECT is_online FROM users WHERE id = %s", someone.id) != [(is_there,)]:
        assert time.monotonic() < until, "it was never noticed"
        time.sleep(0.02)
    server.settle()


def heard(ears: Socket, subject: Person) -> list[str]:
    """The statuses of somebody, in the order in which they were told."""
    ears.act("ping")  # its answer comes behind what was posted before
    return [event["data"]["status"] for event in ears.events("user:status") if event["data"]["userId"] == subject.id]
