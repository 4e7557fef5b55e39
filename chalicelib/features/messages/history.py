"""Reading: a page of history or of shared files, and a single message, each in one statement.

It also checks membership.
"""

from typing import Literal, cast

import msgspec

from chalicelib.core import context, db, paging
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.http import camel
from chalicelib.core.ids import MAX_ID, Seq
from chalicelib.features.messages.schemas import HistoryQuery, MessageList, MessagesQuery, SharedQuery
from chalicelib.realtime.shapes import Message, for_oneself, read_users

Direction = Literal["before", "after"]
_FILE_KINDS = ["image", "video", "audio", "file"]
# One of them says where a page begins.
_STARTS = ("before", "before_id", "before_time", "after", "around", "skip", "cursor")


class _PageRow(msgspec.Struct, frozen=True):
    messages: str | None
    users: str | None


class _AroundRow(_PageRow, frozen=True):
    newer: str | None


class _Numbered(msgspec.Struct, frozen=True):
    seq: int


class _MessageRow(msgspec.Struct, frozen=True):
    message: str


# Each walks the primary key from where the page begins.
_BEFORE = """
SELECT CASE WHEN %(reads)s THEN with_reads(p.messages, %(chat_id)s, %(user_id)s) ELSE p.messages END AS messages,
    users_text(p.people) AS users
FROM page_before(%(user_id)s, %(chat_id)s, %(seq)s, %(skip)s, %(limit)s) p
"""
_BEFORE_ONE = """
SELECT CASE WHEN %(reads)s THEN with_reads(p.messages, %(chat_id)s, %(user_id)s) ELSE p.messages END AS messages,
    users_text(p.people) AS users
FROM page_before(
    %(user_id)s, %(chat_id)s, seq_before(%(chat_id)s, %(before_id)s, %(before_time)s), NULL, %(limit)s
) p
"""
_AFTER = """
SELECT CASE WHEN %(reads)s THEN with_reads(p.messages, %(chat_id)s, %(user_id)s) ELSE p.messages END AS messages,
    users_text(p.people) AS users
FROM page_after(%(user_id)s, %(chat_id)s, %(seq)s, %(limit)s) p
"""

# What is newer than a message comes with what is older, the message itself among it.
_AROUND = """
SELECT older.messages, newer.messages AS newer, users_text(older.people || newer.people) AS users
FROM page_before(%(user_id)s, %(chat_id)s, %(seq)s + 1, NULL, %(limit)s) older,
    page_after(%(user_id)s, %(chat_id)s, %(seq)s, %(newer)s) newer
"""

_SHARED = """
SELECT p.messages, users_text(p.people) AS users
FROM page_shared(%(user_id)s, %(chat_id)s, %(kinds)s, %(before)s, %(limit)s) p
"""

_MESSAGE = """
SELECT message_answer(a.message, a.viewer) AS message
FROM access_message(%(message_id)s, %(user_id)s) a
"""


# Each is looked up by its id.
_MESSAGES = """
SELECT '[' || coalesce(string_agg(message_text_for(a.message, a.viewer), ',' ORDER BY (a.message).id), '') || ']'
    AS messages, users_text(array(
        SELECT DISTINCT named.id
        FROM unnest(%(ids)s::bigint[]) given (id), access_message(given.id, %(user_id)s) b,
            unnest(message_people(b.message)) named (id)
    )) AS users
FROM unnest(%(ids)s::bigint[]) given (id), access_message(given.id, %(user_id)s) a
"""


def history(actor: Actor, chat_id: int, query: HistoryQuery) -> MessageList:
    """One page of a chat's messages. Raises NotFound for who is not a member."""
    direction, seq = _start(query)
    if query.around is not None:
        return _around(actor, chat_id, query.around, query.limit)
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "seq": seq,
        "skip": query.skip,
        "before_id": query.before_id,
        "before_time": query.before_time,
        "limit": query.limit + 1,
        "reads": context.wants("reads"),
    }
    if query.before_id is not None or query.before_time is not None:
        row = db.the(_PageRow, _BEFORE_ONE, values, actor=actor)
    elif direction == "before":
        row = db.the(_PageRow, _BEFORE, values, actor=actor)
    else:
        row = db.the(_PageRow, _AFTER, values, actor=actor)
    messages, has_more = _cut(row.messages, query.limit)
    return _page(messages, row.users, direction if has_more else None)


def _around(actor: Actor, chat_id: int, seq: int, limit: int) -> MessageList:
    newer = limit // 2
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "seq": seq,
        "newer": newer,
        "limit": limit - newer + 1,
    }
    row = db.the(_AroundRow, _AROUND, values, actor=actor)
    after, _ = _cut(row.newer, newer, room=paging.PAGE_BYTES // 2)
    before, has_more = _cut(row.messages, limit - newer, room=paging.PAGE_BYTES // 2)
    return _page([*reversed(after), *before], row.users, "before" if has_more else None)


def shared(actor: Actor, chat_id: int, query: SharedQuery) -> MessageList:
    """One page of a chat's messages with files of these kinds, the newest first.

    Raises NotFound for who is not a member.
    """
    key = paging.read_cursor(query.cursor, tuple[Literal["before"], Seq])
    asked = query.kind.replace("voice", "audio").split(",") if query.kind is not None else _FILE_KINDS
    values = {
        "user_id": actor.user_id,
        "chat_id": chat_id,
        "kinds": list(dict.fromkeys(asked)),
        "before": key[1] if key else MAX_ID,
        "limit": query.limit + 1,
    }
    row = db.the(_PageRow, _SHARED, values, actor=actor)
    found, has_more = _cut(row.messages, query.limit)
    return _page(found, row.users, "before" if has_more else None)


def _cut(text: str | None, limit: int, *, room: int = paging.PAGE_BYTES) -> tuple[list[msgspec.Raw], bool]:
    """The messages that fit, as PostgreSQL wrote them for the wire. Raises NotFound where it found no chat."""
    if text is None:
        raise NotFound("There is no such chat.")
    found = msgspec.json.decode(text, type=list[msgspec.Raw])
    # A character takes four bytes at most: where they all fit, none needs to be weighed.
    is_small = 4 * len(text) <= room
    return paging.cut(found, limit, None if is_small else _bytes, room=room)


def _page(messages: list[msgspec.Raw], users: str | None, onward: Direction | None) -> MessageList:
    return MessageList(
        messages=cast(list[Message], messages),
        users=read_users(users),
        has_more=onward is not None,
        next_cursor=paging.write_cursor(onward, _seq(messages[-1])) if onward else None,
    )


def messages(actor: Actor, query: MessagesQuery) -> MessageList:
    """Those of the messages with these ids that are there for the actor, by id; or a page of a chat's history.

    Raises InvalidInput where it is neither or both, and NotFound for a chat that the actor is not a member of.
    """
    if query.ids is None and query.chat_id is not None:
        return history(actor, query.chat_id, query)
    given = [name for name in ("chat_id", *_STARTS) if getattr(query, name) is not None]
    if query.ids is not None and given:
        raise InvalidInput.at(camel(given[0]), "contradiction", "cannot be given together with {other}", other="ids")
    ids = [] if query.ids is None else paging.read_list("ids", query.ids)
    row = db.the(_PageRow, _MESSAGES, {"user_id": actor.user_id, "ids": ids}, actor=actor)
    if query.ids is None:  # the statement has looked whether the session lives
        raise InvalidInput.at("chatId", "missing", "is required, or ids in its place")
    found, has_more = _cut(row.messages, paging.MOST_IDS)
    return MessageList(
        messages=cast(list[Message], found), users=read_users(row.users), has_more=has_more, next_cursor=None
    )


def access_message(actor: Actor, message_id: int) -> Message:
    """One message of a chat the actor is a member of. Raises NotFound for any other."""
    row = db.one(_MessageRow, _MESSAGE, {"user_id": actor.user_id, "message_id": message_id}, actor=actor)
    if row is None:
        raise NotFound("There is no such message.")
    return for_oneself(msgspec.json.decode(row.message, type=Message), actor.user_id)


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
