"""Sync: all that changed for a user since a cursor, so that a client that was away misses nothing.

A cursor holds a snapshot of PostgreSQL's transactions. What changed since is what that snapshot could not see: a
transaction that was still running then, and committed later, is not skipped, whatever numbers or times it wrote.
Rows are told as they are now, in pages: a row that changes again meanwhile is told again by the next cursor.
"""

import zlib
from typing import Annotated, Literal

import msgspec

from chalicelib.core import clock, paging
from chalicelib.core.context import Actor
from chalicelib.features.messages.sync_changes import LEFT_MEANWHILE, Row, State, changes
from chalicelib.features.messages.sync_cursor import (
    CURSOR_LENGTH,
    Cursor,
    Moment,
    bounded,
    ends,
    read_cursor,
    write_cursor,
)
from chalicelib.realtime.events import state_id
from chalicelib.realtime.shapes import Envelope, Users, read_users

# A socket carries 128 KB at once, and a vocabulary may tell a message twice. The longest one fits.
SOCKET_BYTES = 56_000
# What is around an event's data.
_ENVELOPE_BYTES = 250

ResyncReason = Annotated[Literal["too_old", "too_much", "not_understood"], msgspec.Meta(title="ResyncReason")]
SyncCursor = Annotated[str, msgspec.Meta(max_length=CURSOR_LENGTH)]


class SyncQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where the client stands; without a cursor it is told where things stand now."""

    cursor: SyncCursor | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 200


class SyncAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Events as on the socket. With `resyncRequired` there are none: load everything anew, then go on from here."""

    events: list[Envelope]
    next_cursor: str
    has_more: bool
    resync_required: bool = False
    reason: ResyncReason | None = None
    users: Users = []


def sync(actor: Actor, query: SyncQuery, *, room: int = paging.PAGE_BYTES) -> SyncAnswer:
    """One page of what changed for `actor` since the cursor, of about `room` bytes, and the cursor that leads on."""
    import psycopg

    cursor = None if query.cursor is None else read_cursor(query.cursor)
    try:
        state = changes(actor, cursor, query.limit)
    except psycopg.DataError:
        # A snapshot that PostgreSQL cannot read was not written by us.
        state, cursor = changes(actor, None, query.limit), None
    unknown = query.cursor is not None and cursor is None
    foreign = isinstance(cursor, Cursor) and (cursor.epoch != state.epoch or ends(cursor.since) > ends(state.now))
    if unknown or foreign:
        return _resync(state, "not_understood")
    if state.since is None:
        return _resync(state, "too_old")
    if state.too_much:
        return _resync(state, "too_much")
    return _page(state, cursor, query.limit, room)


def _page(state: State, cursor: Cursor | Moment | None, limit: int, room: int) -> SyncAnswer:
    rows, has_more = paging.cut(msgspec.json.decode(state.rows, type=list[Row]), limit, _size, room=room)
    until = (cursor.until if isinstance(cursor, Cursor) else None) or bounded(state.now)
    following = Cursor(state.epoch, until)
    if not has_more and rows and rows[-1].rank == LEFT_MEANWHILE:
        has_more = True  # from the next cursor on
    elif has_more:
        last = rows[-1]
        following = Cursor(state.epoch, bounded(state.since or until), until, (last.rank, last.chat_id, last.n))
    # What no live event has told so is named by where its pages lead to: one state of a row differs from the next in
    # that. Clients drop what they have stored by its id.
    state_name = f"{zlib.crc32(until.encode()):x}"
    events = [_event(row, state_name) for row in rows]
    return SyncAnswer(
        events=events, next_cursor=write_cursor(following), has_more=has_more, users=read_users(state.users)
    )


def _resync(state: State, reason: ResyncReason) -> SyncAnswer:
    fresh = write_cursor(Cursor(state.epoch, bounded(state.now)))
    return SyncAnswer(events=[], next_cursor=fresh, has_more=False, resync_required=True, reason=reason)


def _size(row: Row) -> int:
    return len(row.data.encode()) + _ENVELOPE_BYTES


def _event(row: Row, state_name: str) -> Envelope:
    about_a_message = row.rank in {2, 3}
    event_id = row.event_id or f"sync:{row.rank}:{row.chat_id}:{row.n}:{state_name}"
    if row.version is not None:
        subject = row.n or row.chat_id if row.type != "poll:voted" else f"{row.chat_id}:{row.n}"
        event_id = state_id(row.type, subject, row.version)
    return Envelope(
        type=row.type,
        event_id=event_id,
        ts=clock.wire(clock.now()),
        chat_id=row.chat_id or None,
        seq=row.n if about_a_message else None,
        data=msgspec.Raw(row.data.encode()),
    )
