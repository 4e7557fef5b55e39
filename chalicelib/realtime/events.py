"""The catalogue of events: one builder each, and the shape of its data.

A durable event's id is made from what happened, so that a doubled delivery carries the same one.
"""

import zlib
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from chalicelib.core import clock, ids
from chalicelib.core.config import settings
from chalicelib.realtime.calls import CallEndReason
from chalicelib.realtime.event_data import (
    MAX_FRAME_BYTES,
    AssistantChunk,
    AssistantDone,
    AssistantFailure,
    CallCandidate,
    CallChanged,
    CallEnded,
    CallRings,
    CallSignal,
    ChatLeft,
    ChatSending,
    DraftUpdated,
    Hello,
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageDelivered,
    MessagesRead,
    PollVoted,
    ScheduledRemoved,
    SessionRevoked,
    Typing,
    UserPresence,
    UserRemoved,
    UserUpdated,
    WebhookDisabled,
)
from chalicelib.realtime.keys import ChainHead, DeviceMessage, KeysChanged, KeysLow
from chalicelib.realtime.people import Block, Contact, Privacy
from chalicelib.realtime.shapes import (
    Call,
    CannotSendReason,
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
    "poll:voted": PollVoted,
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
    "chat:sending": ChatSending,
    "member:joined": MemberJoined,
    "member:left": MemberLeft,
    "member:updated": ChatMember,
    "call:start": CallChanged,
    "call:ring": CallRings,
    "call:accept": CallChanged,
    "call:decline": CallChanged,
    "call:state": CallChanged,
    "call:end": CallEnded,
    "call:offer": CallSignal,
    "call:answer": CallSignal,
    "call:ice": CallCandidate,
    "assistant:chunk": AssistantChunk,
    "assistant:done": AssistantDone,
    "assistant:failed": AssistantFailure,
    "keys:changed": KeysChanged,
    "keys:low": KeysLow,
    "keys:message": DeviceMessage,
    "webhook:disabled": WebhookDisabled,
    "session:revoked": SessionRevoked,
}


def state_id(kind: str, subject: int | str, version: str | None) -> str:
    """The id of an event that tells what something is since a transaction, the `version`; sync tells it by the same.

    Where there is no version, sync tells more than the event does, and the event has an id of its own.
    """
    return f"{kind}:{subject}:{version}" if version is not None else ids.random_id()


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
        max_frame_bytes=MAX_FRAME_BYTES,
        replies=["ack", "none"],
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


def poll_voted(data: PollVoted, *, version: str | None) -> Envelope:
    """A user voted in an anonymous poll; for their own devices."""
    return _state("poll:voted", f"{data.chat_id}:{data.seq}", version, data, chat_id=data.chat_id)


def typing(kind: Literal["start", "stop"], data: Typing, *, users: Sequence[UserBrief]) -> Envelope:
    """A member started or stopped typing."""
    return _event(f"typing:{kind}", ids.random_id(), data, chat_id=data.chat_id, users=users)


def user_status(*, user_id: int, status: Presence, status_text: str, last_seen_at: str | None) -> Envelope:
    """A user came, went, or chose another status."""
    data = UserPresence(user_id=user_id, status=status, status_text=status_text, last_seen_at=last_seen_at)
    return _event("user:status", ids.random_id(), data)


def user_updated(data: UserUpdated, *, version: str | None) -> Envelope:
    """A profile changed; for the user's own devices and for those who know the user."""
    return _state("user:updated", data.id, version, data)


def contact_updated(contact: Contact, *, version: str | None) -> Envelope:
    """A contact was added or renamed; for their owner's own devices."""
    return _state("contact:updated", contact.user_id, version, contact)


def contact_removed(user_id: int, *, version: str | None) -> Envelope:
    """A contact was removed; for their owner's own devices."""
    return _state("contact:removed", user_id, version, UserRemoved(user_id=user_id))


def block_updated(block: Block, *, version: str | None) -> Envelope:
    """Somebody was blocked; for the own devices of whoever did it."""
    return _state("block:updated", block.user_id, version, block)


def block_removed(user_id: int, *, version: str | None) -> Envelope:
    """A block was taken back; for the own devices of whoever did it."""
    return _state("block:removed", user_id, version, UserRemoved(user_id=user_id))


def privacy_updated(privacy: Privacy, *, version: str | None) -> Envelope:
    """The hearer has chosen what others may see."""
    return _state("privacy:updated", 0, version, privacy)


def scheduled_updated(message: ScheduledMessage, *, version: str | None) -> Envelope:
    """A message waits to be sent, was changed, or could not be sent; for its author's own devices."""
    return _state("scheduled:updated", message.id, version, message)


def scheduled_removed(scheduled_id: int, *, version: str | None) -> Envelope:
    """A message waits no longer; for its author's own devices."""
    return _state("scheduled:removed", scheduled_id, version, ScheduledRemoved(id=scheduled_id))


def chat_created(chat: Chat, *, version: str | None) -> Envelope:
    """A chat is new to the hearer: it was made, or they were added to it."""
    return _state("chat:created", chat.id, version, chat, chat_id=chat.id)


def chat_joined(chat: Chat) -> Envelope:
    """The hearer begins to look at a chat, on one of their devices."""
    return _event("chat:joined", ids.random_id(), chat, chat_id=chat.id)


def chat_updated(chat: ChatSummary, *, version: str | None) -> Envelope:
    """A chat's properties or its members changed."""
    return _state("chat:updated", chat.id, version, chat, chat_id=chat.id)


def chat_left(chat_id: int, *, version: str | None) -> Envelope:
    """The hearer left the chat or was removed from it."""
    return _state("chat:left", chat_id, version, ChatLeft(chat_id=chat_id), chat_id=chat_id)


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


def call_changed(
    kind: Literal["start", "accept", "decline", "state"], call: Call, *, by: int | None, sdp: str | None = None
) -> Envelope:
    """Somebody did something in a call that goes on; for the devices of all its participants."""
    data = CallChanged(call_id=call.id, chat_id=call.chat_id, user_id=by, sdp=sdp, call=bare(call))
    return _of_call(f"call:{kind}", data, call)


def call_ring(call: Call, *, by: int, sdp: str | None = None, silent: bool = False) -> Envelope:
    """A call rings for the hearer; or `by` has a device that rings."""
    data = CallRings(call_id=call.id, chat_id=call.chat_id, user_id=by, sdp=sdp, call=bare(call), silent=silent)
    return _of_call("call:ring", data, call)


def call_end(call: Call, reason: CallEndReason, *, by: int | None) -> Envelope:
    """A call is over, or is answered elsewhere."""
    data = CallEnded(call_id=call.id, chat_id=call.chat_id, user_id=by, reason=reason, call=bare(call))
    return _of_call("call:end", data, call)


def call_signal(kind: Literal["offer", "answer"], data: CallSignal) -> Envelope:
    """A session description for one device."""
    return _event(f"call:{kind}", ids.random_id(), data, chat_id=data.chat_id)


def call_ice(data: CallCandidate) -> Envelope:
    """An ICE candidate for one device."""
    return _event("call:ice", ids.random_id(), data, chat_id=data.chat_id)


def assistant_chunk(data: AssistantChunk) -> Envelope:
    """A piece of an answer, for who asked."""
    return _event("assistant:chunk", f"assistant:{data.answer_id}:{data.index}", data)


def assistant_done(data: AssistantDone) -> Envelope:
    """A whole answer, for who asked."""
    return _event("assistant:done", f"assistant:{data.answer_id}:done", data)


def assistant_failed(data: AssistantFailure) -> Envelope:
    """Why there is no answer, for who asked."""
    return _event("assistant:failed", f"assistant:{data.answer_id}:failed", data)


def webhook_disabled(chat_id: int | None, data: WebhookDisabled) -> Envelope:
    """A webhook of the hearer's is told of nothing any more."""
    return _event("webhook:disabled", ids.random_id(), data, chat_id=chat_id)


def chat_sending(chat_id: int, refusal: CannotSendReason | None) -> Envelope:
    """The hearers may write in a chat, or may not any more, for this reason."""
    data = ChatSending(chat_id=chat_id, can_send=refusal is None, cannot_send_reason=refusal)
    return _event("chat:sending", ids.random_id(), data, chat_id=chat_id)


def keys_changed(user_id: int, log: ChainHead) -> Envelope:
    """A device of a user has keys now, or is gone; for the user, and for those who have exchanged keys with them."""
    return _event("keys:changed", f"keys:{user_id}:{log.position}", KeysChanged(user_id=user_id, log=log))


def keys_low(data: KeysLow) -> Envelope:
    """A device has few one-time keys left; for that device."""
    return _event("keys:low", ids.random_id(), data)


def keys_message(message: DeviceMessage) -> Envelope:
    """An encrypted message waits for a device; for that device."""
    return _event("keys:message", f"device-message:{message.id}", message)


def session_revoked(session_id: int) -> Envelope:
    """A session ended; said to its own connections before they are closed."""
    return _event("session:revoked", f"session:{session_id}", SessionRevoked(session_id=session_id))


def _of_call(kind: str, data: CallChanged | CallEnded, call: Call) -> Envelope:
    return _event(kind, ids.random_id(), data, chat_id=call.chat_id, users=people_of([call]))


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


def _state(kind: str, subject: int | str, version: str | None, data: Any, *, chat_id: int | None = None) -> Envelope:
    """An event that tells what something is since a transaction, as `state_id` says."""
    return _event(kind, state_id(kind, subject, version), data, chat_id=chat_id)
