"""The catalogue of events: one builder each, and the shape of its data.

A durable event's id is made from what happened, so that a doubled delivery carries the same one.
"""

import zlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.realtime.event_data import (
    ChatLeft,
    DraftUpdated,
    Hello,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageDelivered,
    MessagesRead,
    ScheduledRemoved,
    SessionRevoked,
    Typing,
    UserPresence,
    UserRemoved,
    UserUpdated,
)
from chalicelib.realtime.people import Block, Contact, Privacy
from chalicelib.realtime.shapes import (
    Chat,
    ChatMember,
    ChatPersonal,
    ChatSummary,
    Envelope,
    Message,
    Naming,
    Presence,
    ReactionSummary,
    ScheduledMessage,
    ThreadRead,
    UserBrief,
    bare,
    people_of,
)

# What the data of each event is. The AsyncAPI document is made from it.
CATALOGUE: dict[str, type[msgspec.Struct]] = {
    "hello": Hello,
    "message:new": Message,
    "message:updated": Message,
    "message:deleted": MessageDeleted,
    "message:reaction": ReactionSummary,
    "message:delivered": MessageDelivered,
    "messages:read": MessagesRead,
    "thread:read": ThreadRead,
    "draft:updated": DraftUpdated,
    "typing:start": Typing,
    "typing:stop": Typing,
    "user:status": UserPresence,
    "user:updated": UserUpdated,
    "contact:updated": Contact,
    "contact:removed": UserRemoved,
    "block:updated": Block,
    "block:removed": UserRemoved,
    "privacy:updated": Privacy,
    "scheduled:updated": ScheduledMessage,
    "scheduled:removed": ScheduledRemoved,
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
        replies=["ack"],
    )
    return _event("hello", f"hello:{connection_id}", data)


def message_new(message: Message, *, unattended: bool = False) -> Envelope:
    """A message was sent; where `unattended`, in the absence of a sender who has not read what came before."""
    event = _event("message:new", f"message:{message.id}", message, chat_id=message.chat_id, seq=message.seq)
    return msgspec.structs.replace(event, unattended=unattended)


def message_updated(message: Message) -> Envelope:
    """A message was edited or pinned, or its poll or thread changed; its status is as its sender sees it."""
    name = f"updated:{message.id}:{message.updated_at}"
    return _event("message:updated", name, message, chat_id=message.chat_id, seq=message.seq)


def message_deleted(data: MessageDeleted, *, users: Sequence[UserBrief] = ()) -> Envelope:
    """A message was deleted for everyone, by nobody where it expired; or by the hearer for themselves."""
    name = f"deleted:{data.message_id}" + ("" if data.scope == "everyone" else f":{data.deleted_by}")
    return _event("message:deleted", name, data, chat_id=data.chat_id, seq=data.seq, users=users)


def message_reaction(reactions: ReactionSummary) -> Envelope:
    """Somebody reacted to a message, or took a reaction back."""
    name = f"reaction:{reactions.message_id}:{reactions.updated_at}"
    return _event("message:reaction", name, reactions, chat_id=reactions.chat_id, seq=reactions.seq)


def message_delivered(data: MessageDelivered, *, users: Sequence[UserBrief]) -> Envelope:
    """A member's delivery watermark moved up, to this message."""
    name = f"delivered:{data.chat_id}:{data.user_id}:{data.seq}"
    return _event("message:delivered", name, data, chat_id=data.chat_id, users=users)


def messages_read(data: MessagesRead, *, users: Sequence[UserBrief]) -> Envelope:
    """A member's read watermark moved up, to this message."""
    name = f"read:{data.chat_id}:{data.user_id}:{data.seq}"
    return _event("messages:read", name, data, chat_id=data.chat_id, users=users)


def thread_read(user_id: int, data: ThreadRead) -> Envelope:
    """A user has read a thread further; for their own devices."""
    name = f"thread:{data.message_id}:{user_id}:{data.read_seq}"
    return _event("thread:read", name, data, chat_id=data.chat_id)


def draft_updated(*, user_id: int, chat_id: int, content: str, reply_to: int | None, updated_at: str) -> Envelope:
    """A user began to write, went on or gave it up; for their own devices."""
    data = DraftUpdated(chat_id=chat_id, content=content, reply_to=reply_to, updated_at=updated_at)
    return _event("draft:updated", f"draft:{chat_id}:{user_id}:{updated_at}", data, chat_id=chat_id)


def typing(kind: Literal["start", "stop"], data: Typing, *, users: Sequence[UserBrief]) -> Envelope:
    """A member started or stopped typing."""
    return _event(f"typing:{kind}", ids.random_id(), data, chat_id=data.chat_id, users=users)


def user_status(*, user_id: int, status: Presence, status_text: str, last_seen_at: str | None) -> Envelope:
    """A user came, went, or chose another status."""
    data = UserPresence(user_id=user_id, status=status, status_text=status_text, last_seen_at=last_seen_at)
    return _event("user:status", ids.random_id(), data)


def user_updated(data: UserUpdated) -> Envelope:
    """A profile changed; for the user's own devices and for those who know the user."""
    return _event("user:updated", ids.random_id(), data)


def contact_updated(contact: Contact) -> Envelope:
    """A contact was added or renamed; for their owner's own devices."""
    return _event("contact:updated", ids.random_id(), contact)


def contact_removed(user_id: int) -> Envelope:
    """A contact was removed; for their owner's own devices."""
    return _event("contact:removed", ids.random_id(), UserRemoved(user_id=user_id))


def block_updated(block: Block) -> Envelope:
    """Somebody was blocked; for the own devices of whoever did it."""
    return _event("block:updated", ids.random_id(), block)


def block_removed(user_id: int) -> Envelope:
    """A block was taken back; for the own devices of whoever did it."""
    return _event("block:removed", ids.random_id(), UserRemoved(user_id=user_id))


def privacy_updated(privacy: Privacy) -> Envelope:
    """The hearer has chosen what others may see."""
    return _event("privacy:updated", ids.random_id(), privacy)


def scheduled_updated(message: ScheduledMessage) -> Envelope:
    """A message waits to be sent, was changed, or could not be sent; for its author's own devices."""
    return _event("scheduled:updated", ids.random_id(), message)


def scheduled_removed(scheduled_id: int) -> Envelope:
    """A message waits no longer; for its author's own devices."""
    return _event("scheduled:removed", ids.random_id(), ScheduledRemoved(id=scheduled_id))


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


def member_left(data: MemberLeft, *, users: Sequence[UserBrief]) -> Envelope:
    """A member left the chat or was removed from it; for those who remain."""
    return _event("member:left", ids.random_id(), data, chat_id=data.chat_id, users=users)


def member_joined(data: MemberJoined, *, users: Sequence[UserBrief]) -> Envelope:
    """Others came to the chat; for those who were there."""
    return _event("member:joined", ids.random_id(), data, chat_id=data.chat_id, users=users)


def member_updated(member: ChatMember) -> Envelope:
    """A member has another role."""
    return _event("member:updated", ids.random_id(), member, chat_id=member.chat_id)


def chat_personal(personal: ChatPersonal) -> Envelope:
    """A member muted, pinned, archived or deleted a chat for themselves; for their own devices."""
    return _event("chat:personal", ids.random_id(), personal, chat_id=personal.chat_id)


def session_revoked(session_id: int) -> Envelope:
    """A session ended; said to its own connections before they are closed."""
    return _event("session:revoked", f"session:{session_id}", SessionRevoked(session_id=session_id))


def _event(
    kind: str,
    event_id: str,
    data: Any,
    *,
    chat_id: int | None = None,
    seq: int | None = None,
    users: Sequence[UserBrief] = (),
) -> Envelope:
    """The event; the people whom its data names stand beside the data."""
    if isinstance(data, Naming):
        data, users = bare(data), people_of([data])
    return Envelope(
        type=kind,
        event_id=event_id,
        ts=clock.wire(clock.now()),
        chat_id=chat_id,
        seq=seq,
        users=list(users),
        data=data,
    )
