"""What can be done by a frame on a socket: one table, by the action's name.

As with endpoints, a function's own annotations say what `data` it takes and what its ack carries.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from chalicelib.core import clock
from chalicelib.core.context import Actor
from chalicelib.core.ids import Id, Timestamp
from chalicelib.features.messages import receipts
from chalicelib.features.messages.schemas import ReadInput, SendInput, Watermarks
from chalicelib.features.messages.send import send
from chalicelib.features.messages.sync import SyncAnswer, SyncQuery, sync
from chalicelib.features.messages.typing import typing
from chalicelib.realtime.shapes import Message

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No data."""


class ChatInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat that something is about."""

    chat_id: Id


class MessagesReadInput(ReadInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat, and up to where it was read."""

    chat_id: Id


class Pong(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The server's time."""

    server_time: Timestamp


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One action as it was declared: for dispatch, and for the AsyncAPI document."""

    name: str
    handler: Callable[[Actor, Any], Any]

    @property
    def data(self) -> Any:
        """The declared type of the frame's `data`."""
        return self.handler.__annotations__["data"]

    @property
    def answer(self) -> Any:
        """The declared type of the ack's `data`."""
        return self.handler.__annotations__["return"]


ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Handler], Handler]:
    """Declares an action."""

    def decorate(handler: Handler) -> Handler:
        ACTIONS[name] = Action(name=name, handler=handler)
        return handler

    return decorate


@action("ping")
def ping(_actor: Actor, data: Nothing) -> Pong:
    """A sign of life."""
    return Pong(server_time=clock.wire(clock.now()))


@action("message:send")
def send_message(actor: Actor, data: SendInput) -> Message:
    """Send a message; acknowledged when it is stored."""
    return send(actor, data, "socket").message


@action("messages:read")
def read_messages(actor: Actor, data: MessagesReadInput) -> Watermarks:
    """Mark a chat as read up to a message."""
    return receipts.mark_read(actor, data.chat_id, data.seq)


@action("typing:start")
def start_typing(actor: Actor, data: ChatInput) -> Nothing:
    """Tell the other members that one is typing."""
    typing(actor, data.chat_id, "start")
    return Nothing()


@action("typing:stop")
def stop_typing(actor: Actor, data: ChatInput) -> Nothing:
    """Tell the other members that one has stopped typing."""
    typing(actor, data.chat_id, "stop")
    return Nothing()


@action("sync")
def get_changes(actor: Actor, data: SyncQuery) -> SyncAnswer:
    """What changed since the cursor; without one, where things stand now."""
    return sync(actor, data)
