"""System B, a chat of one common room: all users as a bare list, and the event `message` in and out."""

from collections.abc import Iterable

from chalicelib.core.ids import COMMON_ROOM_ID
from chalicelib.entry.dialects.words import Call, Dialect, Plain, Route, View, in_text
from chalicelib.features.people.schemas import UserList
from chalicelib.realtime.vocabularies import COMMON_ROOM, Spoken
from chalicelib.realtime.vocabularies import events as in_words


def _all(call: Call) -> None:
    call.query.setdefault("limit", "1000")


def _users(answer: Plain, _: View) -> list[Plain]:
    users: list[Plain] = answer["users"]
    return users


def events(name: str, data: Plain, view: View) -> Iterable[Spoken]:
    if name == "message:new":
        data = in_text(data, view)
    yield from in_words(COMMON_ROOM, name, data)
    if name == "message:new" and data["chatId"] == COMMON_ROOM_ID:
        yield Spoken(name=name, data=data)


DIALECT = Dialect(
    routes={"GET /users": Route(to="GET /users", ask=_all)},
    answers={UserList: _users},
    events=events,
)
