"""Sockets in a dialect: what clients emit leads to our actions, and our acks and events are told in their words."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from chalicelib.core import clock, context
from chalicelib.core.context import Actor
from chalicelib.core.decoding import decode_lenient, decode_object
from chalicelib.core.errors import UnknownAction
from chalicelib.core.problems import Problem
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.dialects import load
from chalicelib.entry.dialects.naming import in_their_words
from chalicelib.entry.dialects.reading import fitting
from chalicelib.entry.dialects.words import Action, Plain, View, base_of
from chalicelib.features.messages.sync import SyncAnswer
from chalicelib.realtime.shapes import Message
from chalicelib.realtime.vocabularies import Spoken, Told


def tell(name: str, told: Told) -> Iterator[Spoken]:
    """An event as a dialect has it, for one user."""
    dialect = load(name)
    people = {user["id"]: user for user in told.users}
    view = View(me=told.me, people=people, base=base_of(""), links=told.links, aside=told.aside)
    for spoken in dialect.events(told.name, dict(told.data), view):
        frame = {"type": spoken.name, "data": spoken.data, "timestamp": told.ts} if dialect.has_frames else None
        yield msgspec.structs.replace(spoken, frame=frame)


def act(name: str, actor: Actor, event: str, data: bytes) -> Plain:
    """Does what a client of a dialect emits, and answers the ack. Raises the Problem that refuses it."""
    dialect = load(name)
    asked = dialect.actions.get(event, Action(to=event))
    action = ACTIONS.get(asked.to)
    if action is None:
        raise UnknownAction("There is no action of this name: {name}.", values={"name": repr(event[:64])})
    sent = decode_object(data)
    current = context.current()
    current.names_oneself, current.extras = True, dialect.extras
    try:
        typed = decode_lenient(fitting(asked.ask(sent) if asked.ask else sent, action.data), action.data)
        done = asked.instead(actor, typed, sent) if asked.instead is not None else None
        result = action.handler(actor, typed) if done is None else done
    except Problem as problem:
        raise in_their_words(problem, dialect, sent, {}) from None
    body: Plain = msgspec.json.decode(msgspec.json.encode(result))
    if isinstance(result, SyncAnswer):
        body["events"] = list(_retold(name, actor, body))
        return {"success": True, **body}
    people = {user["id"]: user for user in body.pop("users", ())}
    view = View(me=actor.user_id, people=people, base=base_of(""))
    shape = dialect.answers.get(action.answer)
    told = shape(body, view) if shape is not None else body
    return {"message": told if isinstance(result, Message) else "Done", **told, "success": True}


def _retold(name: str, actor: Actor, answer: Plain) -> Iterable[Plain]:
    for event in answer["events"]:
        told = Told(name=event["type"], data=event["data"], me=actor.user_id, users=answer.get("users", []))
        for spoken in tell(name, told):
            if spoken.not_to != actor.user_id:
                yield {**event, "type": spoken.name, "data": spoken.data}


def refusal(problem: Problem) -> Plain:
    """The ack of what was refused."""
    words = problem.sentence()
    return {"success": False, "error": words, "message": words}


def read_frame(text: str) -> tuple[str, bytes]:
    """What a frame `{type, data}` without Socket.IO asks for. Raises Unreadable and InvalidInput."""
    frame = decode_object(text.encode())
    data = frame.get("data")
    return str(frame.get("type", "")), msgspec.json.encode(data if isinstance(data, dict) else {})


def write_frame(kind: str, data: Any) -> str:
    """The answer to a frame; clients pass over types that they do not know."""
    return msgspec.json.encode({"type": kind, "data": data, "timestamp": clock.wire(clock.now())}).decode()
