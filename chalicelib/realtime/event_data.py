"""What events carry that no answer does: the data of each, for the catalogue in events.py."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.realtime.shapes import DeleteScope, Presence

Seconds = Annotated[int, msgspec.Meta(ge=0, description="seconds")]
NewestMessage = Annotated[Id | None, msgspec.Meta(description="the message with this `seq`; null where it is gone")]

# What a frame may ask for beside its answer.
Reply = Literal["ack"]


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
    replies: Annotated[list[Reply], msgspec.Meta(description="what a frame's `reply` may be")]


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


class UserUpdated(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody is called, looks or says of themselves something else. Only the user hears the email address."""

    id: Id
    username: str
    display_name: str
    first_name: str
    last_name: str
    avatar_url: str | None
    status_text: str
    email: str | UnsetType | None = UNSET


class UserRemoved(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody who is not among the hearer's contacts, or not blocked, any more."""

    user_id: Id


class ScheduledRemoved(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message that waits no longer: it was sent or cancelled."""

    id: Id


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
