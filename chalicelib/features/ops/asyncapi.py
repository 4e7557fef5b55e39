"""The AsyncAPI 3.0 document of the socket, made from the table of actions and the catalogue of events.

It describes the server: an action is a message that the server receives, and replies to with an ack or an error; an
event is a message that it sends.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from chalicelib.core.every_error import catalogue
from chalicelib.features.ops.components import Components, Schema, narrowed, plain, titled
from chalicelib.features.ops.openapi import API_VERSION
from chalicelib.realtime.event_data import MAX_FRAME_BYTES
from chalicelib.realtime.vocabularies import VOCABULARIES

_CHANNEL = {"$ref": "#/channels/socket"}
_ABOUT = (
    "The WebSocket API of a messenger. A client sends frames, and each is answered once, by an ack or by an error "
    "that has the same `id`; with `reply: none` by an error alone. Events come at least once: order them by `seq`, "
    f"drop those whose `eventId` is known. Every frame is one JSON object in a text message. One that a client sends "
    f"has at most {MAX_FRAME_BYTES} bytes, which `hello` tells as `maxFrameBytes`; a larger one ends the connection "
    "with code 1009. Send what is larger by REST, which is described in `openapi.json`."
)


class Action(Protocol):
    """What the document needs to know of an action."""

    @property
    def name(self) -> str:
        """As the frame's `action` has it."""

    @property
    def handler(self) -> Any:
        """The function, whose docstring says what the action does."""

    @property
    def data(self) -> Any:
        """The type of the frame's `data`."""

    @property
    def answer(self) -> Any:
        """The type of the ack's `data`."""


class Frames(msgspec.Struct, frozen=True, kw_only=True):
    """The types of what travels around the data: a client's frame, and the two answers to it."""

    frame: type[msgspec.Struct]
    ack: type[msgspec.Struct]
    error: type[msgspec.Struct]


def document(actions: Iterable[Action], events: Mapping[str, type[msgspec.Struct]], frames: Frames) -> Schema:
    """The document as plain data."""
    components = Components()
    messages: dict[str, Schema] = {}
    operations: dict[str, Schema] = {}
    for one in actions:
        key, said = _key(one.name), _first_line(one.handler)
        data, answer = one.data, one.answer
        optional = not any(field.required for field in msgspec.structs.fields(data))
        data_field = _defaulted(data, optional=optional)
        sent = narrowed(frames.frame, one.name, "Frame", action=Literal[one.name], data=data_field)
        acked = narrowed(frames.ack, one.name, "Ack", data=answer)
        frame, ack = components.of([sent, acked])
        messages[f"action-{key}"] = _message(one.name, said, frame)
        messages[f"ack-{key}"] = _message("ack", f"The answer to `{one.name}`.", ack)
        about = f"A frame with `{data.__name__}` as its `data`. Its ack has `{answer.__name__}` as its `data`."
        replies = (f"ack-{key}", "error")
        operations[f"receive-{key}"] = _operation("receive", said, about, f"action-{key}", replies)
    for name, event in components.add_events(events).items():
        key, said = _key(name), _first_line(events[name])
        messages[f"event-{key}"] = _message(name, said, event)
        about = f"An event with `{events[name].__name__}` as its `data`."
        operations[f"send-{key}"] = _operation("send", said, about, f"event-{key}")

    # The general forms, besides the narrow ones of each message.
    anything = _defaulted(dict[str, Any], optional=True)
    frame, ack, error = components.of([narrowed(frames.frame, "", "Frame", data=anything), frames.ack, frames.error])
    messages["frame"] = _message("frame", "The form of every action.", frame)
    messages["ack"] = _message("ack", "The form of every ack.", ack)
    messages["error"] = _message("error", "A frame was refused; the connection stays.", error)
    components.schemas["ProblemBody"]["properties"]["code"]["examples"] = sorted(
        problem.code for problem in catalogue()
    )
    return plain(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Messenger: live",
                "version": API_VERSION,
                "description": _ABOUT,
                "contact": {"name": "The operator of this server"},
                "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
                "tags": [
                    {"name": "actions", "description": "What a client can have done."},
                    {"name": "events", "description": "What a client is told."},
                ],
            },
            "defaultContentType": "application/json",
            "servers": _SERVERS,
            "channels": {"socket": {"address": "/api", "messages": messages, "bindings": _BINDINGS}},
            "operations": operations,
            "components": {"schemas": titled(components.schemas), "securitySchemes": _SECURITY},
        }
    )


def _message(name: str, summary: str, payload: Schema) -> Schema:
    return {"name": name, "title": name, "summary": summary, "payload": payload}


def _defaulted(kind: Any, *, optional: bool) -> Any:
    return (kind, msgspec.field(default_factory=dict)) if optional else kind


def _operation(direction: str, summary: str, about: str, message: str, replies: Iterable[str] = ()) -> Schema:
    operation: Schema = {
        "action": direction,
        "channel": _CHANNEL,
        "summary": summary,
        "description": about,
        "messages": [_ref(message)],
    }
    if replies:
        operation["reply"] = {"channel": _CHANNEL, "messages": [_ref(reply) for reply in replies]}
    return operation


def _ref(message: str) -> Schema:
    return {"$ref": f"#/channels/socket/messages/{message}"}


def _key(name: str) -> str:
    """A name without the sign that keys of components may not have."""
    return name.replace(":", "-")


def _first_line(described: Any) -> str:
    return (described.__doc__ or "").strip().partition("\n")[0]


_SECURITY: Schema = {
    "ticket": {
        "type": "httpApiKey",
        "name": "ticket",
        "in": "query",
        "description": "A ticket of `POST /ws/tickets`, which opens one socket, once, within 30 seconds.",
    },
    "token": {"type": "httpApiKey", "name": "token", "in": "query", "description": "The access token."},
    "header": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "subprotocol": {
        "type": "httpApiKey",
        "name": "Sec-WebSocket-Protocol",
        "in": "header",
        "description": "`bearer, <access token>`, for browsers, which can set no other header.",
    },
}

_WAYS_IN = [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY]

_SERVERS: Schema = {
    "deployed": {
        "host": "{host}",
        "protocol": "wss",
        "description": "API Gateway, or a domain of ours in front of it.",
        "variables": {"host": {"description": "Where the API is deployed.", "default": "example.com"}},
        "security": _WAYS_IN,
    },
    "local": {
        "host": "127.0.0.1:8000",
        "protocol": "ws",
        "description": "`make run`; `/ws` is the same as `/api` there.",
        "security": _WAYS_IN,
    },
}

_BINDINGS: Schema = {
    "ws": {
        "method": "GET",
        "query": {
            "type": "object",
            "properties": {
                "ticket": {"type": "string", "description": "A single-use ticket."},
                "token": {"type": "string", "description": "An access token."},
                "hello": {
                    "type": "string",
                    "const": "ask",
                    "description": "`hello` is no event then: the first `sync` asks for it.",
                },
                "vocabulary": {
                    "type": "string",
                    "enum": list(VOCABULARIES),
                    "description": "Whose names actions, events and fields have; ours where absent.",
                },
            },
        },
        "bindingVersion": "0.1.0",
    }
}
