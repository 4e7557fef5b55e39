"""The words of reference clients: one table renames actions, events and fields for a connection that asks for it.

A connection asks by `?vocabulary=`, or by `auth.vocabulary` of Socket.IO. What a table does not name stays as it is.
Fields of input need no renaming here: `core/spellings.py` takes every spelling from everybody.

A dialect (entry/dialects) is more than a table, and tells each event by functions of its own. Its vocabulary has the
name of its namespace: `/gateway`. The entry storey teaches it here, so that the pusher can speak it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.core.config import settings
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ids import COMMON_ROOM_ID


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What an event becomes. `fields` stands in for the vocabulary's own renaming; `shape` is all that is told."""

    name: str
    fields: Mapping[str, str] | None = None
    shape: Mapping[str, str] | None = None
    adds: Mapping[str, Any] = {}
    to_author: bool = True
    in_chat: int | None = None


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """Actions by their names there; events, fields and values of fields by their names here."""

    actions: Mapping[str, str] = {}
    events: Mapping[str, tuple[Heard, ...]] = {}
    fields: Mapping[str, str] = {}
    values: Mapping[str, Mapping[str, str]] = {}


COMMON_ROOM = "common-room"

VOCABULARIES: Mapping[str, Vocabulary] = {
    # System B. Its action `message` is everybody's.
    COMMON_ROOM: Vocabulary(
        events={
            "message:new": (
                Heard(
                    name="message",
                    in_chat=COMMON_ROOM_ID,
                    shape={"id": "id", "senderId": "userId", "content": "content", "createdAt": "timestamp"},
                ),
            ),
        },
    ),
    # System D. `message:received` tells that somebody else wrote.
    "conversations": Vocabulary(
        actions={"join:conversation": "chat:join", "leave:conversation": "chat:leave"},
        events={
            "chat:created": (Heard(name="conversation:created"),),
            "message:new": (Heard(name="message:new"), Heard(name="message:received", to_author=False)),
            "messages:read": (Heard(name="message:read"), Heard(name="conversation:read")),
        },
        fields={"chatId": "conversationId"},
        values={"messageType": {"system": "text", "call": "text"}},
    ),
    # System E.
    "gateway": Vocabulary(
        events={
            "typing:start": (Heard(name="message:typing", adds={"isTyping": True}, fields={}),),
            "typing:stop": (Heard(name="message:typing", adds={"isTyping": False}, fields={}),),
        },
        fields={"chatId": "chat", "senderId": "sender", "content": "text", "messageType": "type"},
        values={"messageType": {"audio": "voice", "system": "text", "call": "text"}},
    ),
}


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """An event in somebody's words. `not_to` is the user who is not to hear it.

    A native connection of a dialect hears `frame` in place of our envelope, where there is one.
    """

    name: str
    data: Any
    not_to: int | None = None
    frame: Mapping[str, Any] | None = None


class Aside(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What dialects tell besides an event's data.

    `unread` is how much members have to read, each of whom hears of their own. `last_message` is the newest one that
    is left where one was deleted, with the people whom it names. `passed` are the ids of the messages over which a
    mark has moved, the newest first.
    """

    unread: dict[int, int] = {}
    last_message: dict[str, Any] | None = None
    passed: list[int] = []


def read_unread(text: str | None) -> dict[int, int]:
    """What unread_by_member() has counted; nothing where it was not asked, or was asked of many."""
    return msgspec.json.decode(text or "{}", type=dict[int, int])


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way to one user: what a dialect makes its own of. `links` open the files of its message."""

    name: str
    data: Mapping[str, Any]
    me: int
    users: list[dict[str, Any]] = []
    links: Mapping[str, str] = {}
    aside: Aside = Aside()
    ts: str = ""


Teller = Callable[[Told], Iterable[Spoken]]
_dialects: dict[str, Teller] = {}
# The dialects whose clients have sockets without Socket.IO: at `/skype/ws`, or with `?vocabulary=/skype`.
NATIVE = frozenset({"skype"})


def teach(vocabulary: str, teller: Teller) -> None:
    """Makes a dialect known."""
    _dialects[vocabulary] = teller


def dialect(vocabulary: str | None) -> str:
    """The name of the dialect that a vocabulary is; empty for a table of words, and for ours."""
    return vocabulary.removeprefix("/") if vocabulary is not None and vocabulary in _dialects else ""


def namespaces() -> Iterable[str]:
    """The namespaces of Socket.IO in which dialects are spoken."""
    return _dialects.keys()


def spoken_at(host: str, *, native: bool) -> str | None:
    """The vocabulary of a connection that asks for none: that of the host's dialect, or our own."""
    name = settings().dialect_of(host)
    return f"/{name}" if name and (not native or name in NATIVE) else None


def is_for_the_room(vocabulary: str | None) -> bool:
    """Whether who speaks so is to be a member of the common room."""
    return vocabulary is not None and vocabulary.removeprefix("/") == COMMON_ROOM


def dialect_events(vocabulary: str, told: Told) -> list[Spoken]:
    """What an event is in a dialect, for one user."""
    return [spoken for spoken in _dialects[vocabulary](told) if spoken.not_to != told.me]


def check(name: str | None) -> None:
    """Raises InvalidInput for a vocabulary that does not exist."""
    if name is not None and name not in VOCABULARIES and name not in {f"/{each}" for each in NATIVE}:
        raise InvalidInput.at(
            "vocabulary", "unknown_value", "must be one of: {choices}", choices=", ".join(VOCABULARIES)
        )


def action(vocabulary: str | None, name: str) -> str:
    """An action's own name."""
    return _of(vocabulary).actions.get(name, name)


def fields(vocabulary: str | None, data: Any) -> Any:
    """Plain data in a vocabulary's fields, however deep."""
    words = _of(vocabulary)
    return _renamed(data, words.fields, words.values)


def events(vocabulary: str | None, name: str, data: Mapping[str, Any]) -> list[Spoken]:
    """What an event is in a vocabulary: one event or several."""
    words = _of(vocabulary)
    heard = [one for one in words.events.get(name, ()) if one.in_chat in {None, data.get("chatId")}]
    return [
        Spoken(name=one.name, data=_told(data, one, words), not_to=None if one.to_author else data["senderId"])
        for one in heard or [Heard(name=name)]
    ]


def _told(data: Mapping[str, Any], heard: Heard, words: Vocabulary) -> dict[str, Any]:
    if heard.shape is not None:
        return {theirs: data[ours] for ours, theirs in heard.shape.items()}
    return {**_renamed(data, words.fields if heard.fields is None else heard.fields, words.values), **heard.adds}


def _of(vocabulary: str | None) -> Vocabulary:
    return VOCABULARIES.get(vocabulary or "", _OURS)


_OURS = Vocabulary()


def _renamed(data: Any, fields: Mapping[str, str], values: Mapping[str, Mapping[str, str]]) -> Any:
    if isinstance(data, dict):
        return {
            fields.get(name, name): values[name].get(value, value)
            if name in values and isinstance(value, str)
            else _renamed(value, fields, values)
            for name, value in data.items()
        }
    if isinstance(data, list):
        return [_renamed(each, fields, values) for each in data]
    return data
