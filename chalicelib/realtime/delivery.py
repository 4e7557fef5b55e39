"""The last step to a connection, whichever way it has: a post to its WebSocket, or its mailbox."""

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.core.aws import AwsError
from chalicelib.core.logs import logger
from chalicelib.realtime import mailboxes
from chalicelib.realtime.connections import Line
from chalicelib.realtime.outcome import Outcome


class Parcel(NamedTuple):
    """One frame for one connection; a `fresh` one may still be on its way to being open."""

    line: Line
    data: bytes
    fresh: bool = False


def hand_over(parcels: Sequence[Parcel], *, within: float) -> list[Outcome]:
    """Has every frame sent within so many seconds; what became of each, in the same order.

    A session that has left its mailbox for a WebSocket is followed there.
    """
    outcomes: dict[int, Outcome] = {}
    lines = [parcel.line for parcel in parcels]
    by_session: dict[str, list[int]] = {}
    for place, line in enumerate(lines):
        if line.polls:
            by_session.setdefault(line.id, []).append(place)
    for sid, places in by_session.items():
        kept = _kept(sid, [parcels[place].data.decode() for place in places])
        for place in places:
            if isinstance(kept, Line):
                lines[place] = kept
            else:
                outcomes[place] = kept
    posted = [place for place in range(len(parcels)) if place not in outcomes]
    if posted:
        # Here, since whoever posts nothing has no use for asyncio.
        from chalicelib.realtime import gateway

        posts = [
            gateway.Post(lines[place].endpoint, lines[place].id, parcels[place].data, parcels[place].fresh)
            for place in posted
        ]
        made = gateway.post_all(posts, deadline_seconds=within)
        outcomes.update(zip(posted, made, strict=True))
    return [outcomes[place] for place in range(len(parcels))]


def end(line: Line, *, within: float) -> bool:
    """Ends a connection. True where nothing else will take it out of the registry, as `$disconnect` does."""
    if line.polls:
        mailboxes.close(line.id)
        return True
    from chalicelib.realtime import gateway

    gateway.close_connection(line.endpoint, line.id, deadline_seconds=within)
    return False


def _kept(sid: str, packets: Sequence[str]) -> Outcome | Line:
    try:
        return mailboxes.append(sid, packets)
    except AwsError as error:
        logger().warning("mailbox not reached", error=error.code)
        return Outcome.FAILED
