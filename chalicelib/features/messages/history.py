"""Reading: a page of history and a single message, each in one statement that also checks membership."""

from typing import Literal, cast

import msgspec

from chalicelib.core import db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.http import camel
from chalicelib.core.ids import MAX_ID, Seq
from chalicelib.features.messages.schemas import HistoryQuery, MessageList
from chalicelib.realtime.shapes import Message

Direction = Literal["before", "after"]
# One of them says where a page begins.
_STARTS = ("before", "before_id", "before_time", "after", "skip", "cursor")


class _PageRow(msgspec.Struct, frozen=True):
    messages: str | None


class _Numbered(msgspec.Struct, frozen=True):
    seq: int


class _MessageRow(msgspec.Struct, frozen=True):
    message: str


# Each walks the primary key from where the page begins.
_BEFORE = "SELECT history_before(%(user_id)s, %(chat_id)s, %(seq)s, %(skip)s, %(limit)s) AS messages"
_BEFORE_ONE = """
SELECT history_before(
    %(user_id)s, %(chat_id)s, seq_before(%(chat_id)s, %(before_id)s, %(before_time)s), NULL, %(limit)s
) AS messages
"""
_AFTER = "SELECT history_after(%(user_id)s, %(chat_id)s, %(seq)s, %(limit)s) AS messages"

_MESSAGE = """
SELECT message_json_for(a.message, a.viewer)::text AS message
FROM access_message(%(message_id)s, %(user_id)s) a
"""


def history(actor: Actor, chat_id: int, query: HistoryQuery) -> MessageList:
    """One page of a chat's messages. Raises NotFound for who is not a member."""
    direction, seq = _start(query)
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "seq": seq,
        "skip": query.skip,
        "before_id": query.before_id,
        "before_time": query.before_time,
        "limit": query.limit + 1,
    }
    if query.before_id is not None or query.before_time is not None:
        row = db.the(_PageRow, _BEFORE_ONE, values, actor=actor)
    elif direction == "before":
        row = db.the(_PageRow, _BEFORE, values, actor=actor)
    else:
        row = db.the(_PageRow, _AFTER, values, actor=actor)
    if row.messages is None:
        raise NotFound("There is no such chat.")
    # PostgreSQL writes messages as the wire has them: they go on as they are.
    found = msgspec.json.decode(row.messages, type=list[msgspec.Raw])
    # A character takes four bytes at most: where they all fit, none needs to be weighed.
    is_small = 4 * len(row.messages) <= paging.PAGE_BYTES
    messages, has_more = paging.cut(found, query.limit, None if is_small else _bytes)
    return MessageList(
        messages=cast(list[Message], messages),
        has_more=has_more,
        next_cursor=paging.write_cursor(direction, _seq(messages[-1])) if has_more else None,
    )


def access_message(actor: Actor, message_id: int) -> Message:
    """One message of a chat the actor is a member of. Raises NotFound for any other."""
    row = db.one(_MessageRow, _MESSAGE, {"user_id": actor.user_id, "message_id": message_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such message.")
    return msgspec.json.decode(row.message, type=Message)


def _bytes(message: msgspec.Raw) -> int:
    return len(bytes(message))


def _seq(message: msgspec.Raw) -> int:
    return msgspec.json.decode(message, type=_Numbered).seq


def _start(query: HistoryQuery) -> tuple[Direction, int | None]:
    given = [name for name in _STARTS if getattr(query, name) is not None]
    if len(given) > 1:
        second, first = camel(given[1]), camel(given[0])
        raise InvalidInput.at(second, "contradiction", "cannot be given together with {other}", other=first)
    key = paging.read_cursor(query.cursor, tuple[Direction, Seq])
    if key is not None:
        return key
    if query.after is not None:
        return "after", query.after
    if query.skip is not None:
        return "before", None
    return "before", MAX_ID if query.before is None else query.before
