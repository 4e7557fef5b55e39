"""A session that polls changes to a WebSocket, as Engine.IO has it.

The client opens the socket for its session, sends `2probe` on it and hears `3probe`; the poll that waits is answered.
When none is under way, it sends `5`: from then on everything goes by the socket, what waited in the mailbox first.
"""

import time
from collections.abc import Iterator, Sequence

import msgspec

from chalicelib.core.problems import Problem
from chalicelib.entry.dispatch import Said
from chalicelib.realtime import connections, mailboxes, packets, publish
from chalicelib.realtime.connections import Connection, Line, Pending

# Frames are handled side by side: one that follows on the upgrade may be here before it is done.
_TURN_SECONDS = 0.05
_TURNS = 60
_PROBE = f"{packets.PING}probe"
# SQS takes 256 KB; a packet has at most half of that.
_BUNDLE_BYTES = 100 * 1024


def answer(line: Pending, sid: str, text: str) -> Said | None:
    """Answers a frame of the upgrade; None where it is none."""
    if text == _PROBE and mailboxes.probe(sid):
        return Said(packets.PONG + text[1:], "ping")
    if text == packets.UPGRADE and _moved(line, sid):
        return Said()
    return None


def upgraded(line: Pending) -> Connection | Pending | None:
    """What a socket has become by the upgrade before this frame; None where there was none."""
    for _ in range(_TURNS):
        now = connections.find(line.id)
        if not isinstance(now, Pending) or now.upgrades is None:
            return now
        time.sleep(_TURN_SECONDS)
    return None


def _moved(line: Pending, sid: str) -> bool:
    """Gives the session to the socket, logged in or not. In between, what is published is led here by its mailbox."""
    session = connections.find(sid)
    mailbox = mailboxes.move(sid, to=Line(id=line.id, endpoint=line.endpoint))
    if session is None or mailbox is None:
        return False
    now = msgspec.structs.replace(session, id=line.id, endpoint=line.endpoint)
    if isinstance(session, Connection) and isinstance(now, Connection):
        try:
            connections.register(now, instead_of=session)
        except Problem:
            return False
    elif isinstance(now, Pending):
        connections.await_login(now)
        connections.release(sid)
    for number, bundle in enumerate(_bundles(mailbox.packets)):
        publish.send_packet(packets.SEPARATOR.join(bundle), now, name=f"moved:{line.id}:{number}")
    return True


def _bundles(waiting: Sequence[str]) -> Iterator[list[str]]:
    bundle: list[str] = []
    size = 0
    for text in waiting:
        size += len(text.encode())
        if bundle and size > _BUNDLE_BYTES:
            yield bundle
            bundle, size = [], len(text.encode())
        bundle.append(text)
    if bundle:
        yield bundle
