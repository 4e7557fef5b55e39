"""The frames of the WebSocket API.

What `message` returns as its body is the gateway's route response: it goes back on the same socket, so that an ack
costs no post and reaches the client also where the function has no way to the internet. The route of frames that want
no ack has none, so that silence costs nothing; a refusal of them is posted.
"""

import contextlib
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.core import context
from chalicelib.core.border import problem_of
from chalicelib.core.decoding import decode_outline
from chalicelib.core.errors import InvalidInput, UnknownAction, Unreadable
from chalicelib.core.problems import ProblemBody
from chalicelib.entry import socketio
from chalicelib.entry.actions import ACTIONS
from chalicelib.entry.connecting import endpoint_of
from chalicelib.entry.dialects import sockets
from chalicelib.entry.dispatch import Said, perform
from chalicelib.entry.ways import ONE_WAY_ROUTE
from chalicelib.realtime import connections, packets, publish, vocabularies
from chalicelib.realtime.connections import MAILBOX, Connection, Line, Pending
from chalicelib.realtime.event_data import Reply

# What the log calls a frame: clients must not make up names there.
_LOGGED = ACTIONS.keys() | socketio.PACKETS
# What clients say all the time, and support never asks after, unless it failed.
_WELL = {(action, "ok") for action in ("ping", "typing:start", "typing:stop", "message:typing")}
# What a packet begins with: its type, or that it is an attachment, which is passed over.
_OF_ENGINE_IO = frozenset("0123456b")


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends. Its `id` comes back with the answer; its `requestId` goes with all that comes of it.

    With `reply: "ack"` the connection gets no event that says what the ack has said. With `reply: "none"` it gets no
    ack either: only a refusal is told.
    """

    action: str
    id: str | int | None = None
    reply: Reply | None = None
    request_id: str | None = msgspec.field(default=None, name="requestId")
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Named(msgspec.Struct, frozen=True):
    """What is asked of a frame that is no `Frame`."""

    id: str | int | None = None


class Ack(msgspec.Struct, frozen=True, kw_only=True, tag="ack", tag_field="type"):
    """The answer to a frame that did what it asked for."""

    id: str | int | None
    data: Any


class ErrorFrame(msgspec.Struct, frozen=True, kw_only=True, tag="error", tag_field="type"):
    """The answer to a frame that was refused; the connection stays."""

    id: str | int | None
    error: ProblemBody


def message(event: Mapping[str, Any]) -> dict[str, Any]:
    """Answers one frame, once: with an ack or with an error. A native frame begins with `{`."""
    started = time.perf_counter()
    request = event["requestContext"]
    text = event.get("body") or ""
    with context.begin(request["requestId"]) as current:
        is_native = text.startswith("{")
        said = None if is_native else socketio.answer(request["connectionId"], text)
        if said is None:
            said = _answer(request["connectionId"], text)
        note = current.note_minor if (said.action, said.code) in _WELL else current.note
        note("frame", **_told(said, started))
        if request["routeKey"] == ONE_WAY_ROUTE:
            if said.text:
                line = Line(id=request["connectionId"], endpoint=endpoint_of(request))
                publish.send_packet(said.text, line, name=f"refusal:{request['requestId']}")
            return {"statusCode": 200}
        # Without a body API Gateway sends an empty frame, which ends a Socket.IO session. A native client passes it
        # over: it comes where a frame wants no ack before its route is there, while a deployment lasts.
        return {"statusCode": 200, "body": said.text or ("" if is_native else packets.NOOP)}


def packet(sid: str, text: str) -> str:
    """Answers a packet of a client that polls; empty where there is nothing to say."""
    started = time.perf_counter()
    is_known = text[:1] in _OF_ENGINE_IO
    said = (socketio.answer(sid, text) if is_known else None) or socketio.hang_up(Line(id=sid, endpoint=MAILBOX))
    context.current().step("frame", _told(said, started))
    return said.text


def _told(said: Said, started: float) -> dict[str, object]:
    named = said.action if said.action in _LOGGED else "unknown"
    return {"action": named, "code": said.code, "ms": round((time.perf_counter() - started) * 1000, 1)}


def _answer(connection_id: str, text: str) -> Said:
    line: Connection | Pending | None = None
    frame = Frame(action="")
    answer: Ack | ErrorFrame
    try:
        line = connections.find(connection_id)
        if isinstance(line, Connection) and line.format == "native" and vocabularies.dialect(line.vocabulary):
            return _in_dialect(line, text)
        frame = decode_outline(text.encode(), Frame)
        context.current().adopt(frame.request_id)
        connection = line if isinstance(line, Connection) else None
        if frame.reply is not None:
            context.current().answers = connection_id
        answer = Ack(id=frame.id, data=perform(connection, frame.action, bytes(frame.data)))
        context.current().committed()
        if frame.reply == "none":
            return Said(action=frame.action)
        code = "ok"
    except Exception as failure:  # the border
        problem = problem_of(failure)
        if not frame.action and socketio.is_spoken_on(line):
            return Said(packets.NOOP, "attachment", "ignored")
        answer = ErrorFrame(
            id=frame.id if frame.action else _id_of(text), error=problem.body(context.current().request_id)
        )
        code = problem.code
    return Said(msgspec.json.encode(answer).decode(), frame.action, code)


def _in_dialect(connection: Connection, text: str) -> Said:
    """Answers a frame of a client that has WebSockets without Socket.IO, in its dialect."""
    name = "unknown"
    try:
        name, data = sockets.read_frame(text)
        told = perform(connection, name, data)
        context.current().committed()
        return Said(sockets.write_frame("ack", told), name)
    except UnknownAction as problem:
        # A ping of its own: an error would be shown.
        return Said(sockets.write_frame("pong", {}), name, problem.code)
    except Exception as failure:  # the border
        refused = problem_of(failure)
        return Said(sockets.write_frame("error", sockets.refusal(refused)), name, refused.code)


def _id_of(text: str) -> str | int | None:
    """The id by which a client finds the answer to a frame that was refused as a whole, where one can be read."""
    with contextlib.suppress(InvalidInput, Unreadable, UnicodeError):
        return decode_outline(text.encode(), _Named).id
    return None
