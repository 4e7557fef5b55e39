"""What messages take and answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.ids import Id, Seq
from chalicelib.core.paging import DEFAULT_LIMIT, Limit
from chalicelib.realtime.shapes import Message

Content = Annotated[str, Meta(max_length=10_000)]
ClientMessageId = Annotated[str, Meta(min_length=1, max_length=64)]


class SendInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message to send. `clientMessageId` makes sending it again harmless."""

    chat_id: Id
    content: Content = ""
    message_type: Literal["text", "image", "file", "audio", "video"] = "text"
    client_message_id: ClientMessageId | None = None
    reply_to: Id | None = None
    attachments: Annotated[list[Id], Meta(max_length=10, description="ids of complete uploads")] = []


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Messages below `before`, newest first; or above `after`, oldest first. Both are seq."""

    before: Seq | None = None
    after: Seq | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = DEFAULT_LIMIT


class MessageList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a chat's history; `nextCursor` goes on in the same direction."""

    messages: list[Message]
    has_more: bool
    next_cursor: str | None


class ReadInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to where the chat was read; everything, where `seq` is absent."""

    seq: Seq | None = None


class Watermarks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the caller stands in a chat."""

    chat_id: Id
    delivered_seq: Seq
    read_seq: Seq
    unread_count: Seq
