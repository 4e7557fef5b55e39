"""What goes to a device, as it waits in the queue and as the device reads it."""

from typing import Literal

import msgspec

Urgency = Literal["low", "normal", "high"]


class Preview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who writes what. A private chat has no name, and a message may have no text."""

    sender_id: int | None
    sender_name: str | None
    chat_name: str | None
    message_type: str
    text: str


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a device is told, as JSON: docs/notifications.md."""

    type: Literal["message"] = "message"
    chat_id: int
    message_id: int
    seq: int
    tag: str  # a notification takes the place of the one with the same tag
    unread: int  # in the chat
    badge: int  # in all chats
    mentioned: bool
    silent: bool
    preview: Preview | None


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message for one device, in the queue of the function that sends it."""

    device_id: int
    user_id: int
    token: str
    p256dh: str
    auth: str
    told: Told
    urgency: Urgency
    request_id: str
