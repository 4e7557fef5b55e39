"""Fan-out: from users to their connections to posts. Runs in the pusher, or inline after a small send."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from chalicelib.core.aws import TOTAL_SECONDS
from chalicelib.realtime import absent, connections, delivery, hooks, live_items, packets, trail, vocabularies
from chalicelib.realtime.absent import Notice
from chalicelib.realtime.connections import Connection, Line, Pending
from chalicelib.realtime.delivery import Parcel
from chalicelib.realtime.hooks import Hooked
from chalicelib.realtime.outcome import Outcome
from chalicelib.realtime.vocabularies import Aside, Spoken, Told

SEPARATOR = packets.SEPARATOR.encode()

# API Gateway takes a post in milliseconds. The pusher has time for one that is throttled again and again.
POST_SECONDS = 10.0
CLOSE_SECONDS = 5.0
# The beginnings of what is soon told anew: indicators and watermarks.
_SOON_OLD = ("typing:", "message:delivered", "messages:read")


class Push(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What goes out and to whom: as it waits in the queue.

    An `event` is heard by the users' connections, each in its own format and vocabulary. `fresh` is a connection that
    is just being made, and hears it alone. Where there are `sessions`, their connections alone hear it; those of the
    session `but` do not. `ends_session` narrows the hearers to the connections of one session, and
    closes them afterwards. A `packet` goes as it is, before the event, or several with SEPARATOR between them: to the
    fresh connection, or to `lines`, which are just being made where it is `opening`. A packet that `opens` somebody's
    conversation lets them be registered, once it has arrived. Lines that are `closing` are closed. `links` open the
    files of a message, for those whose dialect has no other way to them; `aside` too is for dialects. `trace` is
    X-Ray's header of who asked for it. The connection `told` knows it already, by an ack.
    """

    event: msgspec.Raw = msgspec.Raw()
    user_ids: list[int] = []
    fresh: Connection | None = None
    sessions: list[int] = []
    but: int | None = None
    ends_session: int | None = None
    packet: str = ""
    lines: list[Line] = []
    opening: bool = False
    closing: bool = False
    opens: Pending | None = None
    links: dict[str, str] = {}
    aside: Aside = Aside()
    trace: str = ""
    told: str = ""


class _Delivery(NamedTuple):
    push: Push
    line: Line
    data: bytes


class _Manner(NamedTuple):
    """How an event is written; `hearer` is 0 where it is written alike for all."""

    format: str
    vocabulary: str | None
    namespace: str
    hearer: int


class _Frame(NamedTuple):
    """An event as it is written for some; `not_to` is the user who is not to hear it."""

    data: bytes
    not_to: int | None = None


class _Made(NamedTuple):
    """What became of a frame, as `trail.Reached` says, and whether API Gateway or the mailbox answered."""

    delivery: _Delivery
    outcome: str
    answered: bool


class _Hearers(NamedTuple):
    """The connections of users, those users who may have devices, and those who keep webhooks, with their chats."""

    by_user: dict[int, list[Connection]]
    with_devices: set[int]
    keepers: dict[int, frozenset[int]]


class Delivered(NamedTuple):
    """What came of posts: connections that were found gone, and forgotten; whose conversation was opened; by their
    places, pushes narrowed to the users of whom a connection was not reached; whether API Gateway answered any post;
    who is to be notified, since no socket of theirs was reached; of whose webhooks the events are.
    """

    gone: list[Connection]
    opened: list[Pending]
    missed: dict[int, Push]
    answered: bool
    absent: list[Notice]
    hooked: list[Hooked]


def deliver(
    pushes: Sequence[Push], waits: Sequence[float] = (), *, within: float = POST_SECONDS, again: bool = False
) -> Delivered:
    """Posts events to everyone who must hear them, within so many seconds.

    A connection that stays unreachable is skipped, so that one dead socket costs the others nothing. `waits` are the
    seconds that each push was in the queue, for the log. `again` says that the caller has others deliver what is
    missed. Raises AwsError where the registry does not answer.
    """
    outlines = [trail.outline(push.event) for push in pushes]
    hearers = _hearers(pushes, outlines, within)
    made = _made([each for push in pushes for each in _deliveries(push, hearers.by_user)], within, again=again)
    _tell(pushes, outlines, waits, made)
    gone: dict[str, Line] = {}
    ended: dict[str, Line] = {line.id: line for push in pushes if push.closing for line in push.lines}
    for (push, line, _), outcome, _ in made:
        if outcome == "gone":
            gone[line.id] = line
        elif push.ends_session is not None and outcome != "deferred":
            ended[line.id] = line
    for line in ended.values():
        if delivery.end(line, within=min(within, CLOSE_SECONDS)):
            gone[line.id] = line
    missed = _missed(pushes, [each.delivery for each in made if each.outcome == "deferred"])
    return Delivered(
        gone=[connection for line in gone.values() if (connection := _forgotten(line)) is not None],
        opened=[push.opens for (push, _, _), outcome, _ in made if push.opens is not None and outcome == "posted"],
        missed=missed,
        answered=any(each.answered for each in made),
        absent=_absent(pushes, outlines, hearers.with_devices, made),
        hooked=_hooked(pushes, outlines, hearers.keepers, missed),
    )


def _hooked(
    pushes: Sequence[Push],
    outlines: Sequence[trail.Outline],
    keepers: dict[int, frozenset[int]],
    missed: dict[int, Push],
) -> list[Hooked]:
    """Of each push that webhooks are told of, those of its hearers who keep some, and whom no queue is to reach."""
    if not keepers:
        return []
    found = []
    for place, (push, outline) in enumerate(zip(pushes, outlines, strict=True)):
        if outline.type in hooks.TOLD and not push.sessions:
            later = missed[place].user_ids if place in missed else []
            told = hooks.of_push(push.event, [each for each in push.user_ids if each not in later], keepers)
            found += [told] if told is not None else []
    return found


def _absent(
    pushes: Sequence[Push], outlines: Sequence[trail.Outline], with_devices: set[int], made: Sequence[_Made]
) -> list[Notice]:
    """Of each push to notify of, those with devices whom it did not reach, and whom no queue is to reach."""
    if not with_devices:
        return []
    reached: dict[int, set[int]] = {}
    for (push, line, _), outcome, _ in made:
        if outcome in {"posted", "deferred"} and isinstance(line, Connection):
            reached.setdefault(id(push), set()).add(line.user_id)
    found = []
    for push, outline in zip(pushes, outlines, strict=True):
        if outline.type in absent.NOTIFIED:
            hearers = [each for each in push.user_ids if each in with_devices]
            notice = absent.of_push(outline.type, push.event, hearers, reached.get(id(push), set()))
            found += [notice] if notice is not None else []
    return found


def _made(deliveries: Sequence[_Delivery], within: float, *, again: bool) -> list[_Made]:
    """Hands the frames over. Whoever has others deliver what is missed does not wait for a connection to open."""
    fresh = [_is_fresh(push, line) for push, line, _ in deliveries]
    parcels = [
        Parcel(line, data, fresh=young and not again)
        for (_, line, data), young in zip(deliveries, fresh, strict=True)
    ]
    made = []
    for each, young, outcome in zip(deliveries, fresh, delivery.hand_over(parcels, within=within), strict=True):
        failed, gone = outcome is Outcome.FAILED, outcome is Outcome.GONE
        deferred = again and (failed or (gone and young))
        made.append(_Made(each, "deferred" if deferred else outcome.value, not failed))
    return made


def _missed(pushes: Sequence[Push], deliveries: Sequence[_Delivery]) -> dict[int, Push]:
    """Each push by its place, for the users of whom one of these connections is."""
    users: dict[int, list[int]] = {}
    for push, line, _ in deliveries:
        if isinstance(line, Connection):
            users.setdefault(id(push), []).append(line.user_id)
    return {
        place: msgspec.structs.replace(push, user_ids=list(dict.fromkeys(users[id(push)])))
        for place, push in enumerate(pushes)
        if id(push) in users
    }


def _tell(
    pushes: Sequence[Push], outlines: Sequence[trail.Outline], waits: Sequence[float], made: Sequence[_Made]
) -> None:
    """Says of each push what became of it."""
    reached: dict[int, list[trail.Reached]] = {id(push): [] for push in pushes}
    for (push, line, _), outcome, _ in made:
        reached[id(push)].append(trail.Reached(line, outcome))
    for push, outline, waited in zip(pushes, outlines, waits or itertools.repeat(None), strict=False):
        trail.pushed(
            outline,
            reached[id(push)],
            trace=push.trace,
            waited=waited,
            recipients=len(push.user_ids),
        )


def _is_fresh(push: Push, line: Line) -> bool:
    """Whether the line may still be on its way to being open: it must not be taken for one that is gone."""
    return push.fresh is not None or push.opening or (isinstance(line, Connection) and line.is_young)


def _hearers(pushes: Sequence[Push], outlines: Sequence[trail.Outline], within: float) -> _Hearers:
    wanted = dict.fromkeys(user_id for push in pushes for user_id in push.user_ids)
    hearers = _Hearers({}, set(), {})
    # A message may follow right on a connection's hello. Of what is soon old a connection of the last second misses
    # nothing: the next event or sync says more.
    consistent = any(
        push.user_ids and not outline.type.startswith(_SOON_OLD)
        for push, outline in zip(pushes, outlines, strict=True)
    )
    for item in live_items.users(list(wanted), min(within, TOTAL_SECONDS), consistent=consistent):
        user_id = live_items.user_id(item)
        hearers.by_user[user_id] = list(connections.connections_in(item))
        if absent.may_have_devices(item):
            hearers.with_devices.add(user_id)
        if kept := hooks.chats_of(item):
            hearers.keepers[user_id] = kept
    return hearers


def _deliveries(push: Push, hearers: dict[int, list[Connection]]) -> Iterator[_Delivery]:
    if push.packet:
        lines = push.lines if push.fresh is None else [push.fresh]
        ready = push.packet.encode().split(SEPARATOR)
        yield from (_Delivery(push, line, packet) for line in lines for packet in ready)
    written: dict[_Manner, list[_Frame]] = {}
    for connection in _of(push, hearers):
        manner = _manner(connection)
        if manner not in written:
            written[manner] = _written(push, manner)
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
        if push.ends_session in {None, connection.session_id} and connection.id != push.told
        if not push.sessions or connection.session_id in push.sessions
        if connection.session_id != push.but
    ]


def _manner(connection: Connection) -> _Manner:
    # What a dialect says is of the one who hears it: a private chat has the other's name.
    hearer = connection.user_id if vocabularies.dialect(connection.vocabulary) else 0
    return _Manner(connection.format, connection.vocabulary, connection.namespace, hearer)


def _written(push: Push, manner: _Manner) -> list[_Frame]:
    """An event as connections of one manner get it: one frame or several."""
    event = bytes(push.event)
    if manner.format == "native" and manner.vocabulary is None:
        return [_Frame(event)]
    envelope: dict[str, Any] = msgspec.json.decode(event)
    around = {name: value for name, value in envelope.items() if name not in {"type", "data"}}
    frames = []
    for spoken in _spoken(envelope, push, manner):
        if manner.format == "native":
            data = msgspec.json.encode(spoken.frame or {**envelope, "type": spoken.name, "data": spoken.data})
        else:
            # One argument: with two, handlers of Dart get a list, and those of Python fail. So what is around the
            # data goes into it, unless the client knows other shapes than ours.
            told = {**around, **spoken.data} if manner.vocabulary is None else spoken.data
            data = packets.write(packets.EVENT, [spoken.name, told], namespace=manner.namespace).encode()
        frames.append(_Frame(data, spoken.not_to))
    return frames


def _spoken(envelope: dict[str, Any], push: Push, manner: _Manner) -> list[Spoken]:
    name, data = envelope["type"], envelope["data"]
    if manner.vocabulary is None or not manner.hearer:
        return vocabularies.events(manner.vocabulary, name, data)
    users = envelope.get("users", [])
    told = Told(
        name=name,
        data=data,
        me=manner.hearer,
        users=users,
        links=push.links,
        aside=push.aside,
        ts=envelope["ts"],
    )
    return vocabularies.dialect_events(manner.vocabulary, told)


def _forgotten(line: Line) -> Connection | None:
    """Whose the line was that is gone, None where that is not known here."""
    if isinstance(line, Connection):
        connections.forget(line)
        return line
    return connections.release(line.id)
