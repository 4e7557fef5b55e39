"""What dialects are made of, and what several of them say alike."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from chalicelib.core import tokens
from chalicelib.core.config import settings
from chalicelib.core.context import Actor, Extra
from chalicelib.core.errors import InvalidInput
from chalicelib.core.problems import Fault
from chalicelib.realtime.attachments import Attachment
from chalicelib.realtime.shapes import Message
from chalicelib.realtime.vocabularies import Aside, Spoken

Plain = dict[str, Any]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """For whom something is told (0 where that is nobody yet), and who the people are that it names."""

    me: int
    people: Mapping[int, Mapping[str, Any]] = {}
    # Where the API is, and in events what opens the files there: the pusher has no key to sign it with.
    base: str = ""
    links: Mapping[str, str] | None = None
    aside: Aside = Aside()

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
    """A message as clients can draw it who know texts and files alone: what else it is or has, its text says."""
    lines = [message["content"]]
    if place := message.get("location"):
        lines += [place["name"], f"{place['latitude']}, {place['longitude']}"]
    elif card := message.get("contact"):
        known = view.people.get(card["userId"] or 0)
        lines += [card["name"], card["phone"], known and f"@{known['username']}"]
    elif poll := message.get("poll"):
        lines += [f"{number}. {option['text']}" for number, option in enumerate(poll["options"], 1)]
    elif message["messageType"] not in {"system", "call"}:
        lines += [file["caption"] for file in message["attachments"]]
        return {**message, "content": "\n".join(line for line in lines if line)}
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
    # What clients call fields of ours, for refusals.
    words: dict[str, str] = {}

    def move(self, **names: str) -> None:
        """Gives fields of the body other names, as `ours="theirs"`; the first that is there is taken."""
        self.words |= names
        for ours, theirs in names.items():
            for name in theirs.split():
                if self.body.get(name) is not None:
                    self.body.setdefault(ours, self.body.pop(name))


def passed(data: Mapping[str, Any], view: View) -> list[int]:
    """The messages that were read, or have arrived, with a mark: where nobody asked which, the last of them alone."""
    last = data["messageId"]
    return view.aside.passed or ([] if last is None else [last])


Ask = Callable[[Call], None]
Tell = Callable[[Any, View], Any]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A path of a dialect: the endpoint that it leads to, what becomes of the request, and of the answer.

    Where `tell` is None, the answer is told as the dialect tells answers of its type. `instead` names another
    endpoint where the query and the body ask for it. `words` are what clients call fields of ours here.
    """

    to: str
    ask: Ask | None = None
    tell: Tell | None = None
    instead: Callable[[Plain], str | None] | None = None
    words: Mapping[str, str] = {}


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a dialect's clients emit: the action that it leads to, and what becomes of its data.

    `instead` answers in place of the action, where what is asked for was done before or is another thing; it is given
    the data as the action takes it, and as it came.
    """

    to: str
    ask: Callable[[Plain], Plain] | None = None
    instead: Callable[[Actor, Any, Plain], Any] | None = None


Events = Callable[[str, Plain, View], Iterable[Spoken]]
# How clients may call what they look for.
SOUGHT = "q query search"


def log_in(call: Call) -> None:
    """Clients whose users log in by an email address hear of that one where there is no name. Raises InvalidInput."""
    given = {name for name, value in call.body.items() if value}
    missing = ([] if given & {"email", "username"} else ["email"]) + ([] if "password" in given else ["password"])
    if missing:
        raise InvalidInput(errors=[Fault(name, "missing", "is required") for name in missing])


def of_a_type(call: Call) -> None:
    """A chat of no type is private where it is with one other and has no name, and a group otherwise."""
    others = call.body.get("participantIds")
    alone = others is not None and (not isinstance(others, list) or len(others) == 1)
    if not call.body.get("type"):
        call.body["type"] = "private" if alone and not call.body.get("name") else "group"


def done(answer: Plain, _: View) -> Plain:
    """What is said where clients want to know no more than that it was done."""
    return {"success": True, "message": "Done", **answer}


def reading(body: Plain) -> Plain:
    """Up to the last of the messages that a client names; all of them, where it names none."""
    ids = body.get("messageIds") or body.get("messageId") or []
    given = ids if isinstance(ids, list) else [ids]
    # What is no id is refused by its name later, and does not stand for all.
    named = [int(one) for one in given if re.fullmatch("[0-9]{1,15}", str(one))] or given[:1]
    return {**body, "messageId": max(named)} if named else body


def arriving(body: Plain) -> Plain:
    """The same of messages that have arrived: where one is named, its chat need not be."""
    ours = reading(body)
    return {"messageId": ours["messageId"]} if "messageId" in ours else ours


def as_it_is(name: str, data: Plain, _: View) -> Iterable[Spoken]:
    """Tells an event as we do."""
    yield Spoken(name=name, data=data)


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One dialect. `routes` are the paths that are not ours, or mean something else there, as `POST /conversations`.

    `answers` tells answers and acks by their type; others are told as they are. `actions` are the names that are not
    ours. `events` tells an event as none, one or several. `uploaded` may send a message with a file that was uploaded
    with other fields. `has_frames` is true where clients have WebSockets without Socket.IO. `extras` is what the
    database is asked for besides, in the same statement. `no_entry` is what Socket.IO says to who may not connect.
    `others` tells answers of types that `answers` lacks. `words` are what clients call fields of ours, and `spell`
    writes other names as they do, for refusals; `kinds` are what they call values.
    """

    routes: Mapping[str, Route] = {}
    answers: Mapping[Any, Tell] = {}
    actions: Mapping[str, Action] = {}
    events: Events = as_it_is
    uploaded: Callable[[Actor, Attachment, Mapping[str, str]], Message | None] | None = None
    has_frames: bool = False
    extras: frozenset[Extra] = frozenset()
    no_entry: str = "Unauthorized"
    others: Tell | None = None
    words: Mapping[str, str] = {}
    spell: Callable[[str], str] = str
    kinds: Mapping[str, str] = {}


def token_in(authorization: str, query: Mapping[str, str]) -> str:
    """The token of a request, with or without `Bearer `, in the header or in the query; empty where there is none."""
    return tokens.bare(authorization) or tokens.bare(query.get("token", ""))


def base_of(host: str, scheme: str = "https") -> str:
    """Where the REST API is, as this host's clients see it."""
    return settings().public_url or (f"{scheme}://{host}/api" if host else "/api")
