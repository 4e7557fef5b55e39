"""The resources that both REST answers and socket events carry."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.core import context
from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.realtime.attachments import Attachment
from chalicelib.realtime.calls import CallParticipant, CallStatus, CallType
from chalicelib.realtime.contents import ContactCard, Location, Poll, PollPlan

# The title of a set of values is its name in the documents.
MessageType = Annotated[
    Literal["text", "image", "file", "audio", "video", "location", "contact", "poll", "call", "system"],
    msgspec.Meta(title="MessageType"),
]
DeliveryStatus = Annotated[Literal["sent", "delivered", "read"], msgspec.Meta(title="DeliveryStatus")]
DeleteScope = Annotated[Literal["me", "everyone"], msgspec.Meta(title="DeleteScope")]
ChatType = Annotated[Literal["private", "group"], msgspec.Meta(title="ChatKind")]
Role = Annotated[Literal["owner", "admin", "member"], msgspec.Meta(title="ChatRole")]
AllowedMembers = Annotated[Literal["members", "admins"], msgspec.Meta(title="AllowedMembers")]
NotifyOf = Annotated[Literal["all", "mentions", "none"], msgspec.Meta(title="NotifyOf")]
CannotSendReason = Annotated[
    Literal["blocked", "only_admins", "deleted_user", "request_declined"],
    msgspec.Meta(
        title="CannotSendReason",
        description="why a member cannot write in a chat; more reasons may come, which mean the same to a composer",
    ),
]
Presence = Annotated[
    Literal["online", "offline", "away", "busy", "invisible"],
    msgspec.Meta(
        title="Presence",
        description="`invisible` is said to the user alone, others see `offline`. Choosing `offline` is `invisible`.",
    ),
]


class UserBrief(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a client shows of somebody beside what they did."""

    id: Id
    username: str
    display_name: str
    avatar_url: str | None


Users = Annotated[list[UserBrief], msgspec.Meta(description="the people whom this names, each once")]


class Naming(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What names people by their ids, and tells who they are where it is an answer by itself."""

    users: Annotated[
        list[UserBrief] | UnsetType,
        msgspec.Meta(description="the people whom this names, each once; in a list or an event they are beside it"),
    ] = UNSET


class ForwardedFrom(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose message was forwarded, and when it was first sent."""

    message_id: Id
    sender_id: Id | None
    created_at: Timestamp


class ReactionSummary(Naming, frozen=True, kw_only=True, rename="camel"):
    """Everybody's reactions to a message, as they are at `updatedAt`."""

    chat_id: Id
    message_id: Id
    seq: Seq
    reactions: Annotated[dict[str, list[Id]], msgspec.Meta(description="who reacted, by emoji")]
    updated_at: Timestamp


class Call(Naming, frozen=True, kw_only=True, rename="camel"):
    """A call: while it goes on, and what is kept of it."""

    id: Id
    chat_id: Id
    seq: Annotated[Seq | None, msgspec.Meta(description="of the message that tells it; null until it has ended")]
    type: CallType
    is_room: Annotated[bool, msgspec.Meta(description="more than four may be in it, by the Amazon Chime SDK")] = False
    status: CallStatus
    caller_id: Id | None
    answered_by: Annotated[Id | None, msgspec.Meta(description="the first who did")]
    participants: list[CallParticipant]
    started_at: Timestamp
    answered_at: Timestamp | None
    ended_at: Timestamp | None
    duration: Annotated[
        int | None, msgspec.Meta(description="seconds from the answer to the end; null until it has ended")
    ]
    updated_at: Annotated[Timestamp, msgspec.Meta(description="of two states of a call, the later one holds")]


class LastReply(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The newest reply of a thread."""

    message_id: Id
    seq: Seq
    sender_id: Id | None
    created_at: Timestamp


class ThreadSummary(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a message at the head of a thread tells of its replies."""

    reply_count: Annotated[int, msgspec.Meta(ge=1)]
    last_reply: LastReply


class ThreadRead(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a member stands in a thread; `messageId` is the message at its head."""

    chat_id: Id
    message_id: Id
    read_seq: Annotated[int, msgspec.Meta(ge=0, description="up to here the thread was read, or the whole chat was")]
    unread_count: Annotated[int, msgspec.Meta(ge=0, le=100, description="100 stands for that many and more")]


class Quote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a reply shows of the message that it answers."""

    message_id: Id
    seq: Seq
    sender_id: Id | None
    message_type: MessageType
    content: Annotated[str, msgspec.Meta(description="its first 200 characters")]
    is_deleted: bool


class SystemAction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a system message tells: the message's sender did it. Clients may word it in their language."""

    action: Annotated[
        Literal["made", "renamed", "changed", "added", "joined", "left", "removed", "role", "pinned"],
        msgspec.Meta(title="SystemActionKind"),
    ]
    user_ids: Annotated[list[Id], msgspec.Meta(description="to whom it was done; of more than 20 the first")]
    user_count: Annotated[int, msgspec.Meta(ge=0, description="of all to whom it was done")]
    name: Annotated[str | None, msgspec.Meta(description="of the group that was `made` or `renamed`")]
    changes: Annotated[
        list[Annotated[Literal["name", "description", "avatarUrl"], msgspec.Meta(title="ChangedProperty")]],
        msgspec.Meta(description="what was `renamed` or `changed` of the group"),
    ]
    role: Annotated[Role | None, msgspec.Meta(description="that was given by `role`")]
    message_id: Annotated[Id | None, msgspec.Meta(description="of the message that was `pinned`")]


class Message(Naming, frozen=True, kw_only=True, rename="camel"):
    """A message as it counts for the one it is shown to."""

    id: Id
    chat_id: Id
    seq: Annotated[int, msgspec.Meta(ge=1, description="1, 2, 3, … in the chat, in commit order, without gaps")]
    sender_id: Id | None
    client_message_id: str | None
    message_type: MessageType
    content: str
    attachments: list[Attachment]
    reply_to: Id | None
    quote: Annotated[Quote | None, msgspec.Meta(description="of the message in `replyTo`")]
    system: Annotated[
        SystemAction | None, msgspec.Meta(description="of a `system` message, whose content says it in English")
    ]
    forwarded_from: ForwardedFrom | None
    mentions: list[Id]
    reactions: Annotated[dict[str, list[Id]], msgspec.Meta(description="who reacted, by emoji")]
    status: DeliveryStatus
    location: Location | None
    contact: ContactCard | None
    poll: Poll | None
    call: Annotated[Call | None, msgspec.Meta(description="of a `call` message, whose content says it in English")]
    listened_by: Annotated[
        list[Id],
        msgspec.Meta(description="who has listened to a voice message, in this order; its sender is not named"),
    ]
    thread_id: Annotated[
        Id | None, msgspec.Meta(description="of the message at the head of the thread that this is in")
    ]
    thread: Annotated[ThreadSummary | None, msgspec.Meta(description="of the message at the head of a thread")]
    is_edited: bool
    is_deleted: Annotated[bool, msgspec.Meta(description="a deleted message keeps its place and loses its content")]
    pinned_at: Timestamp | None
    expires_at: Timestamp | None
    created_at: Timestamp
    updated_at: Annotated[
        Timestamp, msgspec.Meta(description="of two states of a message, the one with the later time holds")
    ]


class ScheduledMessage(Naming, frozen=True, kw_only=True, rename="camel"):
    """A message that waits for its time. Once it is sent it is a message, with another id."""

    id: Id
    chat_id: Id
    client_message_id: Annotated[str | None, msgspec.Meta(description="of the message; `scheduled:<id>` where null")]
    message_type: MessageType
    content: str
    attachments: list[Attachment]
    reply_to: Id | None
    mentions: list[Id]
    location: Location | None
    contact: ContactCard | None
    poll: PollPlan | None
    send_at: Timestamp
    refused: Annotated[str | None, msgspec.Meta(description="the code of the problem it could not be sent for")]
    created_at: Timestamp


class Member(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A member of a chat."""

    user_id: Id
    role: Role
    joined_at: Timestamp


class Participant(Member, frozen=True, kw_only=True, rename="camel"):
    """A member of a chat, with the marks up to which messages were delivered to them and read by them."""

    delivered_seq: Seq
    read_seq: Annotated[
        int, msgspec.Meta(ge=0, description="0 where it is not shown: one of the two does not share read receipts")
    ]


class ChatRules(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A group's own rules."""

    who_can_send: AllowedMembers
    who_can_add: AllowedMembers
    message_seconds: Annotated[int | None, msgspec.Meta(description="how long a message lives; null for ever")]
    slow_mode_seconds: Annotated[
        int | None,
        msgspec.Meta(description="how long a member, other than owners and admins, waits between two messages"),
    ]


_PARTICIPANTS = msgspec.Meta(description="all of them in `GET /chats/{chat_id}`; elsewhere the first 20, by user id")


class ChatSummary(Naming, frozen=True, kw_only=True, rename="camel"):
    """What is the same of a chat for all its members."""

    id: Id
    type: ChatType
    name: str | None
    description: str
    avatar_url: str | None
    created_by: Id | None
    is_public: bool
    settings: ChatRules
    participant_count: Annotated[int, msgspec.Meta(ge=0)]
    participants: Annotated[Sequence[Member], _PARTICIPANTS]
    last_seq: Seq
    created_at: Timestamp
    updated_at: Timestamp


class Chat(ChatSummary, frozen=True, kw_only=True, rename="camel"):
    """A chat as one member sees it."""

    participants: Annotated[Sequence[Participant], _PARTICIPANTS]
    last_message: Message | None
    delivered_seq: Seq
    read_seq: Seq
    unread_count: Annotated[
        int,
        msgspec.Meta(ge=0, description="what is there to be read: neither one's own, nor deleted, hidden or expired"),
    ]
    can_send: Annotated[bool, msgspec.Meta(description="whether this member may write in the chat")]
    cannot_send_reason: Annotated[CannotSendReason | None, msgspec.Meta(description="null where `canSend`")]
    muted: bool
    muted_until: Timestamp | None
    pinned: bool
    archived: bool
    marked_unread: Annotated[bool, msgspec.Meta(description="by this member, until it is read")]
    hidden: Annotated[
        bool, msgspec.Meta(description="deleted by this member for themselves: not listed until its next message")
    ]
    notify_of: NotifyOf
    is_request: bool


class ChatPersonal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a member made of a chat for themselves; muted without `mutedUntil` is muted for ever."""

    chat_id: Id
    muted: bool
    muted_until: Timestamp | None
    pinned: bool
    archived: bool
    marked_unread: bool
    hidden: bool
    notify_of: NotifyOf
    is_request: bool


class ChatMember(Naming, frozen=True, kw_only=True, rename="camel"):
    """A member of a group, and what they are in it."""

    chat_id: Id
    user_id: Id
    role: Role


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """An event as it travels down a socket."""

    type: str
    event_id: Annotated[str, msgspec.Meta(description="the same when an event is delivered twice")]
    ts: Timestamp
    chat_id: Id | None = None
    seq: Seq | None = None
    request_id: Annotated[
        str | None, msgspec.Meta(description="of the request that it comes of; sync does not tell it")
    ] = None
    unattended: Annotated[
        bool, msgspec.Meta(description="a new message that does not tell what its sender has read")
    ] = False
    users: Users = []
    data: Any


Named = TypeVar("Named", bound=Naming)


def bare(answer: Named) -> Named:
    """The answer without the people whom it names, as it is in a list or an event."""
    return answer if answer.users is UNSET else msgspec.structs.replace(answer, users=UNSET)


def for_oneself(answer: Named, user_id: int) -> Named:
    """The answer as the user gets it whom it names too: a client knows its own user, if it is one of ours."""
    if context.current().names_oneself:
        return answer
    others = [user for user in answer.users or () if user.id != user_id]
    return msgspec.structs.replace(answer, users=others or UNSET)


def read_users(text: str | None) -> list[UserBrief]:
    """What `users_text()` in PostgreSQL has written; nobody where it was not asked."""
    return [] if text is None else msgspec.json.decode(text, type=list[UserBrief])


def people_of(answers: Iterable[Naming]) -> list[UserBrief]:
    """The people whom these name, each once."""
    return list({user.id: user for answer in answers for user in answer.users or ()}.values())
