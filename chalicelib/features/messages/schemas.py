"""What messages take and answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.core.paging import DEFAULT_LIMIT, Limit
from chalicelib.realtime.shapes import Message

Content = Annotated[str, Meta(max_length=10_000)]
ClientMessageId = Annotated[str, Meta(min_length=1, max_length=64)]
Mentions = Annotated[list[Id], Meta(max_length=50, description="ids of members of the chat")]

_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff\U0001f170\U0001f171\U0001f17e"
    "\U0001f17f\U0001f18e\U0001f191-\U0001f19a\U0001f201\U0001f202\U0001f21a\U0001f22f\U0001f232-\U0001f23a"
    "\U0001f250\U0001f251\U0001f300-\U0001f3fa\U0001f400-\U0001faff]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]?"
)
# One emoji as Unicode's UTS #51 builds them: a flag, a keycap, or pictures joined into one, perhaps with a region's
# tags. Blocks are taken whole where new emoji come into them: what is drawn as a picture changes every year.
_EMOJI = (
    "^(?:[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    f"|{_PICTURE}(?:[\U000e0020-\U000e007e]+\U000e007f)?(?:\u200d{_PICTURE})*)(?![\\s\\S])"
)
Emoji = Annotated[str, Meta(min_length=1, max_length=16, pattern=_EMOJI, description="one emoji")]


class SendInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message to send. `clientMessageId` makes sending it again harmless."""

    chat_id: Id
    content: Content = ""
    message_type: Literal["text", "image", "file", "audio", "video"] = "text"
    client_message_id: ClientMessageId | None = None
    reply_to: Id | None = None
    attachments: Annotated[list[Id], Meta(max_length=10, description="ids of complete uploads")] = []
    mentions: Mentions = []


class EditInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a message is to say instead. Its mentions stay where none are given."""

    content: Content
    mentions: Mentions | None = None


class Edit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a message said until it was edited, and when that was."""

    content: str
    edited_at: Timestamp


class EditList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a message's edits, the newest first."""

    edits: list[Edit]
    has_more: bool
    next_cursor: str | None


class DeleteQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """For whom: `me` hides the message from oneself, `everyone` takes its content from all."""

    scope: Literal["me", "everyone"] = msgspec.field(name="for", default="everyone")


class ForwardInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where to forward a message. Each copy's clientMessageId is the one given here, `:` and the chat's id."""

    chat_ids: Annotated[list[Id], Meta(min_length=1, max_length=20)]
    client_message_id: Annotated[str, Meta(min_length=1, max_length=47)] | None = None


class Copies(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message's copies, in the order of the chats."""

    messages: list[Message]


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
