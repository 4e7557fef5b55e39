"""The AsyncAPI 3.0 document of the socket, made from the table of actions and the catalogue of events.

It describes the server: an action is a message that the server receives, and replies to with an ack or an error; an
event is a message that it sends.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

import msgspec

from chalicelib.core.errors import catalogue
from chalicelib.features.ops.openapi import API_VERSION, plain
from chalicelib.realtime.shapes import Envelope
from chalicelib.realtime.vocabularies import VOCABULARIES

Schema = dict[str, Any]

_REFS = "#/components/schemas/{name}"
_CHANNEL = {"$ref": "#/channels/socket"}
_ABOUT = (
    "The WebSocket API of a messenger. A client sends frames, and each is answered once, by an ack or by an error "
    "that has the same `id`. Events come at least once: order them by `seq`, drop those whose `eventId` is known. "
    "Every frame is one JSON object in a text message of at most 32 KB. The REST API is in `openapi.json`."
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
    messages = {"error": _Message("error", "A frame was refused; the connection stays.", frames.error)}
    operations: dict[str, Schema] = {}
    for one in actions:
        key, said = _key(one.name), _first_line(one.handler)
        optional = not any(field.required for field in msgspec.structs.fields(one.data))
        sent = _narrowed(frames.frame, one.name, action=_only(one.name), data=_defaulted(one.data, optional=optional))
        acked = _narrowed(frames.ack, one.name, data=one.answer)
        messages[f"action-{key}"] = _Message(one.name, said, sent)
        messages[f"ack-{key}"] = _Message("ack", f"The answer to `{one.name}`.", acked)
        operations[f"receive-{key}"] = _operation("receive", said, f"action-{key}", replies=(f"ack-{key}", "error"))
    for name, kind in events.items():
        key, said = _key(name), _first_line(kind)
        messages[f"event-{key}"] = _Message(name, said, _narrowed(Envelope, name, type=_only(name), data=kind))
        operations[f"send-{key}"] = _operation("send", said, f"event-{key}")

    # The general forms, besides the narrow ones of each message.
    anything = _defaulted(dict[str, Any], optional=True)
    general = [_narrowed(frames.frame, "", data=anything), frames.ack, Envelope]
    shapes = [message.shape for message in messages.values()]
    payloads, components = msgspec.json.schema_components([*shapes, *general], ref_template=_REFS)
    components["ProblemBody"]["properties"]["code"]["examples"] = sorted(problem.code for problem in catalogue())
    described = {
        key: {"name": message.name, "title": message.name, "summary": message.summary, "payload": payload}
        for (key, message), payload in zip(messages.items(), payloads, strict=False)
    }
    return plain(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": "Messenger: live",
                "version": API_VERSION,
                "description": _ABOUT,
                "license": {"name": "MIT"},
            },
            "defaultContentType": "application/json",
            "servers": _SERVERS,
            "channels": {"socket": {"address": "/api", "messages": described, "bindings": _BINDINGS}},
            "operations": operations,
            "components": {"schemas": components, "securitySchemes": _SECURITY},
        }
    )


class _Message(msgspec.Struct, frozen=True):
    name: str
    summary: str
    shape: type[msgspec.Struct]


def _narrowed(shape: type[msgspec.Struct], of: str, **types: Any) -> type[msgspec.Struct]:
    """A shape with some of its fields more exact: `Frame` of `message:send` is a `MessageSendFrame`."""
    fields = [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in types.items()]
    name = "".join(map(str.capitalize, of.split(":"))) + shape.__name__
    return msgspec.defstruct(name, fields, bases=(shape,), frozen=True, kw_only=True)


def _only(value: str) -> Any:
    return Literal[value]


def _defaulted(kind: Any, *, optional: bool) -> Any:
    return (kind, msgspec.field(default_factory=dict)) if optional else kind


def _operation(direction: str, summary: str, message: str, *, replies: Iterable[str] = ()) -> Schema:
    operation: Schema = {
        "action": direction,
        "channel": _CHANNEL,
        "summary": summary,
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
