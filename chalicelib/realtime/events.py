"""The catalogue of events: one builder each, and the shape of its data.

A durable event's id is made from what happened, so that a doubled delivery carries the same one.
"""

import zlib
from typing import Annotated, Any, Literal

import msgspec

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.realtime.shapes import (
    Chat,
    ChatMember,
    ChatPersonal,
    ChatSummary,
    DeleteScope,
    Envelope,
    Message,
    Presence,
    ReactionSummary,
)

Seconds = Annotated[int, msgspec.Meta(ge=0, description="seconds")]
NewestMessage = Annotated[Id | None, msgspec.Meta(description="the message with this `seq`; null where it is gone")]


class Hello(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The first event of a connection. `reconnectAfterSeconds` is spread, so that not all come back at once."""

    user_id: Id
    session_id: Id
    connection_id: str
    server_time: Timestamp
    heartbeat_seconds: Seconds
    max_lifetime_seconds: Seconds
    reconnect_after_seconds: Seconds
    sync_cursor: Annotated[str, msgspec.Meta(description="for `GET /sync`: all that changed since the connection")]


class Typing(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is typing where."""

    chat_id: Id
    user_id: Id


class MessagesRead(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member has read everything up to `seq`. Sync says 0, without a time, where that is no longer shown."""

    chat_id: Id
    user_id: Id
    seq: Seq
    message_id: NewestMessage
    read_at: Timestamp | None


class UserPresence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether somebody is there, as far as it is shown."""

    user_id: Id
    status: Presence
    status_text: str
    last_seen_at: Timestamp | None


class MessageDelivered(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Everything up to `seq` has reached a member."""

    chat_id: Id
    user_id: Id
    seq: Seq
    message_id: NewestMessage


class MessageDeleted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message lost its content; or the hearer deleted it for themselves, on any of their devices."""

    chat_id: Id
    message_id: Id
    seq: Seq
    deleted_by: Id | None
    scope: DeleteScope = msgspec.field(name="for")


class DraftUpdated(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the hearer has begun to write, on any of their devices; empty where it was sent or given up."""

    chat_id: Id
    content: str
    reply_to: Id | None
    updated_at: Timestamp


class ChatLeft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The hearer is no longer a member; it is the last event they get of this chat."""

    chat_id: Id


class MemberLeft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody else left a chat, or was removed from it."""

    chat_id: Id
    user_id: Id


class MemberJoined(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Others came to a chat: by one of its members, or by themselves."""

    chat_id: Id
    user_ids: list[Id]
    added_by: Id | None


class SessionRevoked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The session has ended; the connection is closed next."""

    session_id: Id


# What the data of each event is. The AsyncAPI document is made from it.
CATALOGUE: dict[str, type[msgspec.Struct]] = {
    "hello": Hello,
    "message:new": Message,
    "message:updated": Message,
    "message:deleted": MessageDeleted,
    "message:reaction": ReactionSummary,
    "message:delivered": MessageDelivered,
    "messages:read": MessagesRead,
    "draft:updated": DraftUpdated,
    "typing:start": Typing,
    "typing:stop": Typing,
    "user:status": UserPresence,
    "chat:created": Chat,
    "chat:joined": Chat,
    "chat:updated": ChatSummary,
    "chat:left": ChatLeft,
    "chat:personal": ChatPersonal,
    "member:joined": MemberJoined,
    "member:left": MemberLeft,
    "member:updated": ChatMember,
    "session:revoked": SessionRevoked,
}


def hello(*, user_id: int, session_id: int, connection_id: str, sync_cursor: str) -> Envelope:
    """For a connection that has just been registered."""
    chosen = settings()
    # Between 80 and 95 % of the life the gateway grants, and evenly: ids are made of few characters.
    share = 0.80 + 0.15 * zlib.crc32(connection_id.encode()) / 0xFFFFFFFF
    data = Hello(
        user_id=user_id,
        session_id=session_id,
        connection_id=connection_id,
        server_time=clock.wire(clock.now()),
        heartbeat_seconds=chosen.heartbeat_seconds,
        max_lifetime_seconds=chosen.connection_seconds,
        reconnect_after_seconds=int(chosen.connection_seconds * share),
        sync_cursor=sync_cursor,
    )
    return _event("hello", f"hello:{connection_id}", data)


def message_new(message: Message, *, unattended: bool = False) -> Envelope:
    """A message was sent; where `unattended`, in the absence of a sender who has not read what came before."""
    event = _event("message:new", f"message:{message.id}", message, chat_id=message.chat_id, seq=message.seq)
    return msgspec.structs.replace(event, unattended=unattended)


def message_updated(message: Message) -> Envelope:
    """A message was edited, pinned or taken down; its status is as its sender sees it."""
    name = f"updated:{message.id}:{message.updated_at}"
    return _event("message:updated", name, message, chat_id=message.chat_id, seq=message.seq)


def message_deleted(
    *, chat_id: int, message_id: int, seq: int, deleted_by: int | None, scope: DeleteScope
) -> Envelope:
    """A message was deleted for everyone, by nobody where it expired; or by the hearer for themselves."""
    data = MessageDeleted(chat_id=chat_id, message_id=message_id, seq=seq, deleted_by=deleted_by, scope=scope)
    name = f"deleted:{message_id}" if scope == "everyone" else f"deleted:{message_id}:{deleted_by}"
    return _event("message:deleted", name, data, chat_id=chat_id, seq=seq)


def message_reaction(reactions: ReactionSummary) -> Envelope:
    """Somebody reacted to a message, or took a reaction back."""
    name = f"reaction:{reactions.message_id}:{reactions.updated_at}"
    return _event("message:reaction", name, reactions, chat_id=reactions.chat_id, seq=reactions.seq)


def message_delivered(*, chat_id: int, user_id: int, seq: int, message_id: int | None) -> Envelope:
    """A member's delivery watermark moved up, to this message."""
    data = MessageDelivered(chat_id=chat_id, user_id=user_id, seq=seq, message_id=message_id)
    return _event("message:delivered", f"delivered:{chat_id}:{user_id}:{seq}", data, chat_id=chat_id)


def messages_read(*, chat_id: int, user_id: int, seq: int, message_id: int | None, read_at: str | None) -> Envelope:
    """A member's read watermark moved up, to this message."""
    data = MessagesRead(chat_id=chat_id, user_id=user_id, seq=seq, message_id=message_id, read_at=read_at)
    return _event("messages:read", f"read:{chat_id}:{user_id}:{seq}", data, chat_id=chat_id)


def draft_updated(*, user_id: int, chat_id: int, content: str, reply_to: int | None, updated_at: str) -> Envelope:
    """A user began to write, went on or gave it up; for their own devices."""
    data = DraftUpdated(chat_id=chat_id, content=content, reply_to=reply_to, updated_at=updated_at)
    return _event("draft:updated", f"draft:{chat_id}:{user_id}:{updated_at}", data, chat_id=chat_id)


def typing(kind: Literal["start", "stop"], *, chat_id: int, user_id: int) -> Envelope:
    """A member started or stopped typing."""
    return _event(f"typing:{kind}", ids.random_id(), Typing(chat_id=chat_id, user_id=user_id), chat_id=chat_id)


def user_status(*, user_id: int, status: Presence, status_text: str, last_seen_at: str | None) -> Envelope:
    """A user came, went, or chose another status."""
    data = UserPresence(user_id=user_id, status=status, status_text=status_text, last_seen_at=last_seen_at)
    return _event("user:status", ids.random_id(), data)


def chat_created(chat: Chat) -> Envelope:
    """A chat is new to the hearer: it was made, or they were added to it."""
    return _event("chat:created", ids.random_id(), chat, chat_id=chat.id)


def chat_joined(chat: Chat) -> Envelope:
    """The hearer begins to look at a chat, on one of their devices."""
    return _event("chat:joined", ids.random_id(), chat, chat_id=chat.id)


def chat_updated(chat: ChatSummary) -> Envelope:
    """A chat's properties or its members changed."""
    return _event("chat:updated", ids.random_id(), chat, chat_id=chat.id)


def chat_left(chat_id: int) -> Envelope:
    """The hearer left the chat or was removed from it."""
    return _event("chat:left", ids.random_id(), ChatLeft(chat_id=chat_id), chat_id=chat_id)


def member_left(*, chat_id: int, user_id: int) -> Envelope:
    """A member left the chat or was removed from it; for those who remain."""
    return _event("member:left", ids.random_id(), MemberLeft(chat_id=chat_id, user_id=user_id), chat_id=chat_id)


def member_joined(*, chat_id: int, user_ids: list[int], added_by: int | None) -> Envelope:
    """Others came to the chat; for those who were there."""
    data = MemberJoined(chat_id=chat_id, user_ids=user_ids, added_by=added_by)
    return _event("member:joined", ids.random_id(), data, chat_id=chat_id)


def member_updated(member: ChatMember) -> Envelope:
    """A member has another role."""
    return _event("member:updated", ids.random_id(), member, chat_id=member.chat_id)


def chat_personal(personal: ChatPersonal) -> Envelope:
    """A member muted, pinned, archived or deleted a chat for themselves; for their own devices."""
    return _event("chat:personal", ids.random_id(), personal, chat_id=personal.chat_id)


def session_revoked(session_id: int) -> Envelope:
    """A session ended; said to its own connections before they are closed."""
    return _event("session:revoked", f"session:{session_id}", SessionRevoked(session_id=session_id))


def _event(kind: str, event_id: str, data: Any, *, chat_id: int | None = None, seq: int | None = None) -> Envelope:
    return Envelope(type=kind, event_id=event_id, ts=clock.wire(clock.now()), chat_id=chat_id, seq=seq, data=data)
