"""What messages take and answer."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.core.paging import DEFAULT_LIMIT, IdList, Limit, Page
from chalicelib.realtime.contents import MOST_OPTIONS
from chalicelib.realtime.shapes import DeleteScope, DeliveryStatus, Message, ScheduledMessage, Users

MOST_CHARACTERS = 10_000
Content = Annotated[str, Meta(max_length=MOST_CHARACTERS)]
ClientMessageId = Annotated[str, Meta(min_length=1, max_length=64)]
Mentions = Annotated[list[Id], Meta(max_length=50, description="ids of members of the chat")]
Moment = Annotated[datetime, Meta(tz=True)]
SentType = Annotated[
    Literal["text", "image", "file", "audio", "video", "location", "contact", "poll"], Meta(title="SentMessageType")
]
UnreadReplies = Annotated[int, Meta(ge=0, le=100, description="100 stands for that many and more")]
Words = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"\S", extra={TOLD: "must have a visible character"})
]
Phone = Annotated[
    str,
    Meta(max_length=40, pattern=r"^[+(]*[0-9][-+0-9 ().,/;#*]*(?!\s)$", extra={TOLD: "must be a telephone number"}),
]


Caption = Annotated[str, Meta(max_length=1_000)]
Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Waveform = Annotated[list[Annotated[int, Meta(ge=0, le=100)]], Meta(min_length=1, max_length=100)]
FileKinds = Annotated[
    str,
    Meta(
        max_length=40,
        pattern=r"^(image|video|audio|voice|file)(,(image|video|audio|voice|file))*$",
        description="`image`, `video`, `audio` (or `voice`) and `file`, separated by commas",
        extra={TOLD: "must be of image, video, audio, voice and file, separated by commas"},
    ),
]


class LocationInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A place to send, in degrees."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    name: Words | None = None


class CardInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose contact to send: a user here, by the name that they have or by another; or anybody's name and phone."""

    user_id: Id | None = None
    name: Words | None = None
    phone: Phone | None = None


class AttachmentDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the sender says of one of the attachments. Only sound and video have a duration and a waveform."""

    id: Annotated[Id, Meta(description="the id of the upload, as `attachments` has it")]
    caption: Caption | None = None
    duration: Annotated[Seconds | None, Meta(description="the length of sound or video, in seconds")] = None
    waveform: Annotated[
        Waveform | None, Meta(description="how loud sound or video is from beginning to end, 0 to 100 each")
    ] = None


class PollInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What can be voted for; the question is the message's content."""

    options: Annotated[list[Words], Meta(min_length=2, max_length=MOST_OPTIONS)]
    is_multiple: bool = False
    is_anonymous: bool = False
    closes_at: Moment | None = None


class SendInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message to send. `clientMessageId` makes sending it again harmless."""

    chat_id: Id
    content: Content = ""
    message_type: SentType = "text"
    client_message_id: ClientMessageId | None = None
    reply_to: Id | None = None
    attachments: Annotated[list[Id], Meta(max_length=10, description="ids of complete uploads")] = []
    attachment_details: Annotated[list[AttachmentDetails], Meta(max_length=10)] = []
    mentions: Mentions = []
    location: LocationInput | None = None
    contact: CardInput | None = None
    poll: PollInput | None = None


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

    scope: DeleteScope = msgspec.field(name="for", default="everyone")


class ForwardInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Where to forward a message. Each copy's clientMessageId is the one given here, `:` and the chat's id."""

    chat_ids: Annotated[list[Id], Meta(min_length=1, max_length=20)]
    client_message_id: Annotated[str, Meta(min_length=1, max_length=47)] | None = None


class Copies(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message's copies, in the order of the chats."""

    messages: list[Message]
    users: Users


class DraftInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What somebody has begun to write; without content the draft is given up."""

    content: Content
    reply_to: Id | None = None


class Draft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the caller has begun to write in a chat; empty where that is nothing."""

    chat_id: Id
    content: str
    reply_to: Id | None
    updated_at: Timestamp | None


class DraftList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of the caller's drafts."""

    drafts: list[Draft]
    has_more: bool
    next_cursor: str | None


class ScheduleInput(SendInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message, and when to send it: in a minute at the earliest, in 365 days at the latest."""

    send_at: Moment


class ScheduleChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change about a message that waits; what is absent stays."""

    content: Content | UnsetType = UNSET
    mentions: Mentions | UnsetType = UNSET
    send_at: Moment | UnsetType = UNSET


class ScheduleQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which of the caller's messages that wait."""

    chat_id: Id | None = None


class ScheduledList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of the caller's messages that wait, the one that is due first before the others."""

    scheduled: list[ScheduledMessage]
    users: Users
    has_more: bool
    next_cursor: str | None


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Messages below `before`, newest first; or above `after`, oldest first; or a page with `around` in its middle.

    All three are seq.

    `beforeId` and `beforeTime` stand for the seq of a message and of the first one since a time. `skip` leaves out so
    many of the newest, for clients that page by numbers.
    """

    before: Seq | None = None
    before_id: Id | None = None
    before_time: Moment | None = None
    after: Seq | None = None
    around: Seq | None = None
    skip: Seq | None = None
    cursor: Annotated[str, Meta(max_length=200)] | None = None
    limit: Limit = DEFAULT_LIMIT


class MessagesQuery(HistoryQuery, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Messages by their ids; or, with `chatId`, a page of a chat's history, as clients of other messengers ask."""

    ids: IdList | None = None
    chat_id: Id | None = None


class SharedQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which of a chat's messages with files; all of them, where `kind` is absent."""

    kind: FileKinds | None = None


class MessageList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a chat's messages; `nextCursor` goes on in the same direction, from one `around` a message back."""

    messages: list[Message]
    users: Users
    has_more: bool
    next_cursor: str | None


class ThreadPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The message at the head of a thread, and one page of the replies, the newest first."""

    message: Message
    read_seq: Seq
    unread_count: UnreadReplies
    messages: list[Message]
    users: Users
    has_more: bool
    next_cursor: str | None


class Thread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The message at the head of a thread, the newest reply, and where the caller stands."""

    message: Message
    last_reply: Message
    read_seq: Seq
    unread_count: UnreadReplies


class ThreadList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a chat's threads, the one with the newest reply first."""

    threads: list[Thread]
    users: Users
    has_more: bool
    next_cursor: str | None


class ReadInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to where the chat was read; everything, where `seq` is absent."""

    seq: Seq | None = None


class DeliveredInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Up to where messages have arrived on a device; all of them, where `seq` is absent."""

    seq: Seq | None = None


class Receipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a message with one of those it was sent to."""

    user_id: Id
    status: DeliveryStatus
    read_at: Annotated[Timestamp | None, Meta(description="null where it was not read, or not known when")]


class ReceiptList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a message's receipts, by user id."""

    receipts: list[Receipt]
    users: Users
    has_more: bool
    next_cursor: str | None


class Watermarks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where the caller stands in a chat."""

    chat_id: Id
    delivered_seq: Seq
    read_seq: Seq
    unread_count: Seq
