"""Fan-out: from users to their connections to posts. Runs in the pusher, or inline after a small send."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.realtime import connections, packets, trail, vocabularies
from chalicelib.realtime.connections import Connection, Line


class Push(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What goes out and to whom: as it waits in the queue.

    An `event` is heard by the users' connections, each in its own format and vocabulary. `fresh` is a connection that
    is just being made, and hears it alone. `ends_session` narrows the hearers to the connections of one session, and
    closes them afterwards. A `packet` goes as it is, before the event: to the fresh connection, or to `lines`, which
    are just being made where it is `opening`. Lines that are `closing` are closed. `trace` is X-Ray's header of who
    asked for it.
    """

    event: msgspec.Raw = msgspec.Raw()
    user_ids: list[int] = []
    fresh: Connection | None = None
    ends_session: int | None = None
    packet: str = ""
    lines: list[Line] = []
    opening: bool = False
    closing: bool = False
    trace: str = ""


class _Delivery(NamedTuple):
    push: Push
    line: Line
    data: bytes


class _Frame(NamedTuple):
    """An event as it is written for some; `not_to` is the user who is not to hear it."""

    data: bytes
    not_to: int | None = None


def deliver(pushes: Sequence[Push], waits: Sequence[float] = ()) -> list[Connection]:
    """Posts events to everyone who must hear them; answers the connections that were found gone and forgotten.

    A connection that stays unreachable is skipped, so that one dead socket costs the others nothing. `waits` are the
    seconds that each push was in the queue, for the log. Raises AwsError where the registry does not answer.
    """
    # Here, since whoever only hands its pushes to the queue has no use for asyncio.
    from chalicelib.realtime import gateway

    hearers = _hearers(pushes)
    deliveries = [delivery for push in pushes for delivery in _deliveries(push, hearers)]
    posts = [
        gateway.Post(line.endpoint, line.id, data, fresh=_is_fresh(push, line)) for push, line, data in deliveries
    ]
    gone: dict[str, Line] = {}
    ended: dict[str, Line] = {line.id: line for push in pushes if push.closing for line in push.lines}
    outcomes = gateway.post_all(posts)
    reached = [
        trail.Reached(delivery.line, outcome.value) for delivery, outcome in zip(deliveries, outcomes, strict=True)
    ]
    _tell(pushes, waits, [(delivery.push, each) for delivery, each in zip(deliveries, reached, strict=True)])
    for (push, line, _), outcome in zip(deliveries, outcomes, strict=True):
        if outcome is gateway.Outcome.GONE:
            gone[line.id] = line
        elif push.ends_session is not None:
            ended[line.id] = line
    for line in ended.values():
        gateway.close_connection(line.endpoint, line.id)
    return [connection for line in gone.values() if (connection := _forgotten(line)) is not None]


def _tell(pushes: Sequence[Push], waits: Sequence[float], made: Sequence[tuple[Push, trail.Reached]]) -> None:
    """Says of each push what became of it."""
    reached: dict[int, list[trail.Reached]] = {id(push): [] for push in pushes}
    for push, each in made:
        reached[id(push)].append(each)
    for push, waited in zip(pushes, waits or itertools.repeat(0.0), strict=False):
        trail.pushed(trail.outline(push.event), reached[id(push)], trace=push.trace, waited=waited)


def _is_fresh(push: Push, line: Line) -> bool:
    """Whether the line may still be on its way to being open: it must not be taken for one that is gone."""
    return push.fresh is not None or push.opening or (isinstance(line, Connection) and line.is_young)


def _hearers(pushes: Sequence[Push]) -> dict[int, list[Connection]]:
    wanted = dict.fromkeys(user_id for push in pushes for user_id in push.user_ids)
    by_user: dict[int, list[Connection]] = {}
    for connection in connections.of_users(list(wanted)):
        by_user.setdefault(connection.user_id, []).append(connection)
    return by_user


def _deliveries(push: Push, hearers: dict[int, list[Connection]]) -> Iterator[_Delivery]:
    if push.packet:
        lines = push.lines if push.fresh is None else [push.fresh]
        yield from (_Delivery(push, line, push.packet.encode()) for line in lines)
    written: dict[tuple[str, str | None], list[_Frame]] = {}
    for connection in _of(push, hearers):
        manner = (connection.format, connection.vocabulary)
        if manner not in written:
            written[manner] = _written(bytes(push.event), *manner)
        for data, not_to in written[manner]:
            if connection.user_id != not_to:
                yield _Delivery(push, connection, data)


def _of(push: Push, hearers: dict[int, list[Connection]]) -> list[Connection]:
    if push.fresh is not None:
        return [push.fresh]
    return [
        connection
        for user_id in push.user_ids
        for connection in hearers.get(user_id, ())
        if push.ends_session in {None, connection.session_id}
    ]


def _written(event: bytes, form: str, vocabulary: str | None) -> list[_Frame]:
    """An event as connections of one manner get it: one frame or several."""
    if form == "native" and vocabulary is None:
        return [_Frame(event)]
    envelope: dict[str, Any] = msgspec.json.decode(event)
    around = {name: value for name, value in envelope.items() if name not in {"type", "data"}}
    frames = []
    for spoken in vocabularies.events(vocabulary, envelope["type"], envelope["data"]):
        if form == "native":
            data = msgspec.json.encode({**envelope, "type": spoken.name, "data": spoken.data})
        else:
            # One argument: with two, handlers of Dart get a list, and those of Python fail. So what is around the
            # data goes into it, unless the client knows other shapes than ours.
            told = {**around, **spoken.data} if vocabulary is None else spoken.data
            data = packets.write(packets.EVENT, [spoken.name, told]).encode()
        frames.append(_Frame(data, spoken.not_to))
    return frames


def _forgotten(line: Line) -> Connection | None:
    """Whose the line was that is gone, None where that is not known here."""
    if isinstance(line, Connection):
        connections.forget(line)
        return line
    return connections.release(line.id)
