"""What dialects are made of, and what several of them say alike."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.core import tokens
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.realtime.shapes import Attachment, Message
from chalicelib.realtime.vocabularies import Spoken

Plain = dict[str, Any]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """For whom something is told (0 where that is nobody yet), and who the people are that it names."""

    me: int
    people: Mapping[int, Mapping[str, Any]] = {}
    # Where the API is, and in events what opens the files there: the pusher has no key to sign it with.
    base: str = ""
    links: Mapping[str, str] | None = None

    def person(self, user_id: int | None) -> Plain:
        """Somebody, as far as it is known who they are."""
        known = self.people.get(user_id or 0, {})
        return {"id": user_id, "username": "", "displayName": "", "avatarUrl": None, **known}

    def other_in(self, chat: Mapping[str, Any]) -> Plain | None:
        """The other one in a private chat."""
        if chat["type"] != "private":
            return None
        ids = [one["userId"] for one in chat["participants"] if one["userId"] != self.me]
        return self.person(ids[0] if ids else self.me)

    def link(self, upload_id: int) -> str | None:
        """A URL that opens a file without a header; None where nobody has signed one."""
        token = tokens.issue_file(upload_id) if self.links is None else self.links.get(str(upload_id))
        return token and f"{self.base}/files/{token}"

    def link_of(self, message: Mapping[str, Any]) -> str | None:
        """The URL of a message's first file."""
        return self.link(message["attachments"][0]["id"]) if message["attachments"] else None


def in_text(message: Plain, view: View) -> Plain:
    """A message as clients can draw it who know texts and files alone: what else it is, its text says."""
    lines = [message["content"]]
    if place := message.get("location"):
        lines += [place["name"], f"{place['latitude']}, {place['longitude']}"]
    elif card := message.get("contact"):
        known = view.people.get(card["userId"] or 0)
        lines += [card["name"], card["phone"], known and f"@{known['username']}"]
    elif poll := message.get("poll"):
        lines += [f"{number}. {option['text']}" for number, option in enumerate(poll["options"], 1)]
    elif message["messageType"] != "system":
        return message
    return {**message, "messageType": "text", "content": "\n".join(line for line in lines if line)}


class Call(msgspec.Struct, kw_only=True):
    """A request on its way to an endpoint: a dialect changes it until the endpoint understands it."""

    path: dict[str, str]
    query: dict[str, str]
    body: Plain
    actor: Actor = Actor(user_id=0, session_id=0)
    # What is to be done with what came of it, before it is told.
    then: Callable[[Actor, Any], Any] | None = None
    tell: "Tell | None" = None

    def move(self, **names: str) -> None:
        """Gives fields of the body other names, as `ours="theirs"`; the first that is there is taken."""
        for ours, theirs in names.items():
            for name in theirs.split():
                if self.body.get(name) is not None:
                    self.body.setdefault(ours, self.body.pop(name))


Ask = Callable[[Call], None]
Tell = Callable[[Any, View], Any]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A path of a dialect: the endpoint that it leads to, what becomes of the request, and of the answer.

    Where `tell` is None, the answer is told as the dialect tells answers of its type. `instead` names another
    endpoint where the body asks for it.
    """

    to: str
    ask: Ask | None = None
    tell: Tell | None = None
    instead: Callable[[Plain], str | None] | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a dialect's clients emit: the action that it leads to, and what becomes of its data.

    `already` answers what the action would, where what is asked for was done before.
    """

    to: str
    ask: Callable[[Plain], Plain] | None = None
    already: Callable[[Actor, Any], Any] | None = None


Events = Callable[[str, Plain, View], Iterable[Spoken]]


def done(answer: Plain, _: View) -> Plain:
    """What is said where clients want to know no more than that it was done."""
    return {"success": True, "message": "Done", **answer}


def as_it_is(name: str, data: Plain, _: View) -> Iterable[Spoken]:
    """Tells an event as we do."""
    yield Spoken(name=name, data=data)


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect. `routes` are the paths that are not ours, or mean something else there, as `POST /conversations`.

    `answers` tells answers and acks by their type; others are told as they are. `actions` are the names that are not
    ours. `events` tells an event as none, one or several. `uploaded` may send a message with a file that was uploaded
    with other fields. `has_frames` is true where clients have WebSockets without Socket.IO. `no_entry` is what
    Socket.IO says to who may not connect.
    """

    routes: Mapping[str, Route] = {}
    answers: Mapping[Any, Tell] = {}
    actions: Mapping[str, Action] = {}
    events: Events = as_it_is
    uploaded: Callable[[Actor, Attachment, Mapping[str, str]], Message | None] | None = None
    has_frames: bool = False
    no_entry: str = "Unauthorized"


def token_in(authorization: str, query: Mapping[str, str]) -> str:
    """The token of a request, with or without `Bearer `, in the header or in the query; empty where there is none."""
    return tokens.bare(authorization) or tokens.bare(query.get("token", ""))


def base_of(host: str, scheme: str = "https") -> str:
    """Where the REST API is, as this host's clients see it."""
    return settings().public_url or (f"{scheme}://{host}/api" if host else "/api")
