"""What events carry that no answer does: the data of each, for the catalogue in events.py."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.realtime.calls import CallEndReason, IceCandidate, SignalNumber
from chalicelib.realtime.shapes import Call, CannotSendReason, DeleteScope, Presence

Seconds = Annotated[int, msgspec.Meta(ge=0, description="seconds")]
NewestMessage = Annotated[Id | None, msgspec.Meta(description="the message with this `seq`; null where it is gone")]
AnswerId = Annotated[str, msgspec.Meta(description="what asking the assistant has answered")]
AssistantTask = Annotated[
    Literal["summary", "missed", "translation", "replies", "opinion"], msgspec.Meta(title="AssistantTask")
]
Tokens = Annotated[int, msgspec.Meta(ge=0, description="as the model counts them, or as we do where it does not")]

# API Gateway's: a larger frame ends the connection. Clients send each message as one frame.
MAX_FRAME_BYTES = 32 * 1024

# How a frame may ask to be answered.
Reply = Annotated[Literal["ack", "none"], msgspec.Meta(title="ReplyKind")]


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
    max_frame_bytes: Annotated[
        int,
        msgspec.Meta(ge=1, description="of what a client sends, in UTF-8, inclusive; what is larger goes by REST"),
    ]
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


class PollVoted(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the hearer voted for in an anonymous poll, on any of their devices; nobody else is told."""

    chat_id: Id
    message_id: Id
    seq: Seq
    votes: Annotated[
        list[int], msgspec.Meta(description="options, counted from 0; none where the vote was taken back")
    ]


class ChatLeft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The hearer is no longer a member; it is the last event they get of this chat."""

    chat_id: Id


class ChatSending(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The hearer may write in a chat, or may not any more."""

    chat_id: Id
    can_send: bool
    cannot_send_reason: Annotated[CannotSendReason | None, msgspec.Meta(description="null where `canSend`")]


class MemberLeft(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody else left a chat, or was removed from it."""

    chat_id: Id
    user_id: Id


class MemberJoined(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Others came to a chat: by one of its members, or by themselves."""

    chat_id: Id
    user_ids: list[Id]
    added_by: Id | None


WebhookEnd = Annotated[
    Literal["failing", "gone"],
    msgspec.Meta(title="WebhookEnd", description="`failing` is for a day, `gone` that it answered 410"),
]


class WebhookDisabled(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook is told of nothing any more, since it takes nothing; of the whole service where there is no chat."""

    webhook_id: Id
    name: str
    reason: WebhookEnd


class SessionRevoked(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The session has ended; the connection is closed next."""

    session_id: Id


class CallChanged(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What somebody did in a call, and the call as it stands then."""

    call_id: Id
    chat_id: Id
    user_id: Annotated[Id | None, msgspec.Meta(description="who did it; null where time or a lost socket did")]
    sdp: Annotated[str | None, msgspec.Meta(description="the offer or answer that came with it")]
    call: Call


class CallRings(CallChanged, frozen=True, kw_only=True, rename="camel"):
    """A call rings for the hearer, whose own state is `ringing`; or a device of `userId` has said that it rings."""

    silent: Annotated[bool, msgspec.Meta(description="the hearer has muted the chat")]


class CallEnded(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call is over; or for this device alone, since the hearer has answered on another one."""

    call_id: Id
    chat_id: Id
    user_id: Id | None
    reason: CallEndReason
    call: Call


class CallSignal(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A session description for the hearer's device, from the device of another participant."""

    call_id: Id
    chat_id: Id
    user_id: Id
    sdp: str
    number: SignalNumber | None


class CallCandidate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An ICE candidate for the hearer's device, from the device of another participant; null after the last."""

    call_id: Id
    chat_id: Id
    user_id: Id
    candidate: IceCandidate | None
    number: SignalNumber | None


class AssistantChunk(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A piece of an answer of the assistant, while it is being said."""

    answer_id: AnswerId
    task: AssistantTask
    index: Annotated[int, msgspec.Meta(ge=0, description="0, 1, 2, …: pieces are put together in this order")]
    text: str


class AssistantDone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of an answer of the assistant, in place of its pieces."""

    answer_id: AnswerId
    task: AssistantTask
    text: Annotated[str, msgspec.Meta(description="plain text; of suggested replies one a line")]
    is_cut: Annotated[bool, msgspec.Meta(description="whether it was ended because it is too long")]
    tokens: Tokens


class AssistantFailure(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The assistant gives no answer, or does not go on with it: pieces that came are to be dropped."""

    answer_id: AnswerId
    task: AssistantTask
    code: Annotated[str, msgspec.Meta(description="of the problem, as errors have it")]
    message: Annotated[str, msgspec.Meta(description="a sentence for who asked")]
    retryable: Annotated[bool, msgspec.Meta(description="whether it may do better when it is asked again")]
