"""What can be done by a frame on a socket: one table, by the action's name.

As with endpoints, a function's own annotations say what `data` it takes and what its ack carries.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from chalicelib.core import clock, context
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound
from chalicelib.core.ids import Id, Timestamp
from chalicelib.entry.assistant_actions import ASSISTANT
from chalicelib.entry.call_actions import CALLS, Nothing
from chalicelib.entry.key_actions import KEYS
from chalicelib.features.chats.common_room import common_room_id, enter
from chalicelib.features.chats.viewing import view
from chalicelib.features.messages import drafts, listening, receipts, threads
from chalicelib.features.messages.delete import delete
from chalicelib.features.messages.edit import edit
from chalicelib.features.messages.emoji import Emoji
from chalicelib.features.messages.reactions import react
from chalicelib.features.messages.schemas import (
    Content,
    DeliveredInput,
    Draft,
    DraftInput,
    EditInput,
    ReadInput,
    SendInput,
    Watermarks,
)
from chalicelib.features.messages.send import send
from chalicelib.features.messages.sync import SOCKET_BYTES, SyncAnswer, SyncQuery, sync
from chalicelib.features.messages.sync_cursor import cursor_at
from chalicelib.features.messages.typing import typing
from chalicelib.features.polls import vote
from chalicelib.features.polls.schemas import PollAnswer, VoteInput
from chalicelib.features.presence import service as presence
from chalicelib.features.presence.schemas import ChosenStatus, PresenceList, PresenceQuery, StatusInput
from chalicelib.realtime import events
from chalicelib.realtime.event_data import Hello
from chalicelib.realtime.shapes import Chat, DeleteScope, Message, ReactionSummary, ThreadRead

Handler = TypeVar("Handler", bound=Callable[..., Any])


class ChatInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat that something is about."""

    chat_id: Id


class TypingInput(ChatInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat, and whether one is typing there."""

    is_typing: bool


class RoomMessageInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message to everybody. Who sends it is known from the session, whatever `userId` says."""

    content: Content
    user_id: Id | str | None = None


class MessagesReadInput(ReadInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat, and up to where it was read; or the message up to which its chat was read."""

    chat_id: Id | None = None
    message_id: Id | None = None


class MessageEditInput(EditInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The message, and what it is to say instead."""

    message_id: Id


class MessageDeleteInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The message, and for whom it is deleted."""

    message_id: Id
    scope: DeleteScope = msgspec.field(name="for", default="everyone")


class MessageReactInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The message, and a reaction to add or to take back."""

    message_id: Id
    emoji: Emoji
    remove: bool = False


class MessageInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The message that something is about."""

    message_id: Id


class PollVoteInput(VoteInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The poll's message, and the options to vote for."""

    message_id: Id


class ThreadReadInput(ReadInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message of the thread, and up to where the thread was read."""

    message_id: Id


class MessageDeliveredInput(DeliveredInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to which message: by its id, or by chat and seq."""

    chat_id: Id | None = None
    message_id: Id | None = None


class DraftSetInput(DraftInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The chat, and what one has begun to write there."""

    chat_id: Id


class SocketSyncQuery(SyncQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The same, and whether the answer is to have what `hello` tells."""

    hello: bool = False


class SocketSyncAnswer(SyncAnswer, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The same, with `hello` for those who ask for it."""

    hello: Hello | None = None


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


ACTIONS: dict[str, Action] = {
    name: Action(name=name, handler=handler) for name, handler in {**ASSISTANT, **CALLS, **KEYS}.items()
}


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


@action("message")
def send_to_all(actor: Actor, data: RoomMessageInput) -> Message:
    """Send a message to the common room; who does becomes its member."""
    message = SendInput(chat_id=common_room_id(), content=data.content)
    try:
        return send(actor, message, "socket").message
    except NotFound:
        enter(actor)
        return send(actor, message, "socket").message


@action("message:edit")
def edit_message(actor: Actor, data: MessageEditInput) -> Message:
    """Give one's own message another text."""
    return edit(actor, data.message_id, data).message


@action("message:delete")
def delete_message(actor: Actor, data: MessageDeleteInput) -> Nothing:
    """Delete a message for everyone or for oneself; again is as once."""
    delete(actor, data.message_id, data.scope)
    return Nothing()


@action("message:react")
def react_to_message(actor: Actor, data: MessageReactInput) -> ReactionSummary:
    """React to a message, or take a reaction back; again is as once."""
    return react(actor, data.message_id, data.emoji, remove=data.remove).reactions


@action("poll:vote")
def vote_in_poll(actor: Actor, data: PollVoteInput) -> PollAnswer:
    """Vote in a poll, in place of an earlier vote; again is as once."""
    return vote.vote(actor, data.message_id, data.options).poll


@action("poll:close")
def close_poll(actor: Actor, data: MessageInput) -> PollAnswer:
    """Close a poll of one's own; again is as once."""
    return vote.close(actor, data.message_id).poll


@action("messages:read")
def read_messages(actor: Actor, data: MessagesReadInput) -> Watermarks:
    """Mark a chat as read up to a message."""
    if data.message_id is not None and data.seq is not None:
        raise InvalidInput.at("messageId", "contradiction", "cannot be given together with {other}", other="seq")
    if data.message_id is not None:
        return receipts.mark_message(actor, data.message_id, "read")
    if data.chat_id is None:
        raise InvalidInput.at("messageId", "missing", "is required, or chatId in its place")
    return receipts.mark_read(actor, data.chat_id, data.seq)


@action("thread:read")
def read_thread(actor: Actor, data: ThreadReadInput) -> ThreadRead:
    """Mark a thread as read up to a message, without reading the chat."""
    return threads.mark_thread(actor, data.message_id, data.seq)


@action("message:delivered")
def messages_delivered(actor: Actor, data: MessageDeliveredInput) -> Watermarks:
    """Mark a chat's messages as delivered up to one."""
    if data.message_id is not None and (data.chat_id, data.seq) != (None, None):
        raise InvalidInput.at(
            "messageId", "contradiction", "cannot be given together with {other}", other="chatId, seq"
        )
    if data.message_id is not None:
        return receipts.mark_message(actor, data.message_id, "delivered")
    if data.chat_id is None:
        raise InvalidInput.at("messageId", "missing", "is required, or chatId in its place")
    return receipts.mark_delivered(actor, data.chat_id, data.seq)


@action("message:listened")
def mark_listened(actor: Actor, data: MessageInput) -> Message:
    """Note that one has listened to a voice message; again is as once."""
    return listening.listen(actor, data.message_id)


@action("draft:set")
def set_draft(actor: Actor, data: DraftSetInput) -> Draft:
    """Keep what one has begun to write in a chat, for all one's devices."""
    return drafts.set_draft(actor, data.chat_id, data)


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


@action("message:typing")
def tell_typing(actor: Actor, data: TypingInput) -> Nothing:
    """Tell the other members that one is typing, or no longer; both of the above in one."""
    typing(actor, data.chat_id, "start" if data.is_typing else "stop")
    return Nothing()


@action("chat:join")
def view_chat(actor: Actor, data: ChatInput) -> Chat:
    """Begin to look at a chat one is a member of; its events are heard with and without it."""
    return view(actor, data.chat_id)


@action("chat:leave")
def leave_view(_actor: Actor, data: ChatInput) -> Nothing:
    """Look away from a chat; one stays its member, and hears its events."""
    return Nothing()


@action("presence:set")
def set_presence(actor: Actor, data: StatusInput) -> ChosenStatus:
    """Choose what one is seen as while one is there, and a text."""
    return presence.choose(actor, data)


@action("presence:get")
def get_presence(actor: Actor, data: PresenceQuery) -> PresenceList:
    """Who of one's contacts and of the members of one's chats is there; everybody else looks offline."""
    return presence.presences(actor, data.user_ids)


@action("sync")
def get_changes(actor: Actor, data: SocketSyncQuery) -> SocketSyncAnswer:
    """What changed since the cursor; without one, where things stand now."""
    begun = clock.now()
    answer = SocketSyncAnswer(**msgspec.structs.asdict(sync(actor, data, room=SOCKET_BYTES)))
    if not data.hello:
        return answer
    greeting = events.hello(
        user_id=actor.user_id,
        session_id=actor.session_id,
        connection_id=context.current().connection,
        sync_cursor=cursor_at(begun),
    )
    return msgspec.structs.replace(answer, hello=msgspec.convert(greeting.data, Hello))
