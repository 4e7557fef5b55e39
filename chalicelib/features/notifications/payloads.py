"""What goes to a device, as it waits in the queue and as the device reads it."""

from typing import Literal

import msgspec

from chalicelib.core.ids import Timestamp
from chalicelib.realtime.calls import CallEndReason, CallType

Urgency = Literal["low", "normal", "high"]


class Preview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who writes what. A private chat has no name, and a message may have no text."""

    sender_id: int | None
    sender_name: str | None
    chat_name: str | None
    message_type: str
    text: str


class CallPreview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who calls where. A private chat has no name."""

    caller_id: int | None
    caller_name: str | None
    chat_name: str | None


class MessageTold(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="message"):
    """What a device is told of a message, as JSON: docs/notifications.md."""

    chat_id: int
    message_id: int
    seq: int
    tag: str  # a notification takes the place of the one with the same tag
    unread: int  # in the chat
    badge: int  # in all chats
    mentioned: bool
    silent: bool
    preview: Preview | None


class CallTold(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="call"):
    """What a device is told of a call that rings, until then."""

    call_id: int
    chat_id: int
    call_type: CallType
    tag: str
    badge: int
    ring_until: Timestamp
    silent: bool
    preview: CallPreview | None


class CallEndedTold(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", tag="call-ended"):
    """What a device is told of a call that no longer rings; it has the tag of the one before."""

    call_id: int
    chat_id: int
    call_type: CallType
    reason: CallEndReason
    tag: str
    badge: int
    silent: bool
    preview: CallPreview | None


Told = MessageTold | CallTold | CallEndedTold


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message for one device, in the queue of the function that sends it; of no use after `until`, in seconds."""

    device_id: int
    user_id: int
    token: str
    p256dh: str
    auth: str
    told: Told
    urgency: Urgency
    request_id: str
    until: int | None = None
