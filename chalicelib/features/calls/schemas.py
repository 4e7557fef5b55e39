"""What calls take and answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.paging import Page
from chalicelib.realtime.calls import CallStatus, CallType, IceCandidate, SignalNumber
from chalicelib.realtime.shapes import Call, Users

# So many may take part in a call that is no room: each sends to each of the others.
MOST = 4
# Of a room, which the setting `room_size` may bound further.
_MOST_IN_A_ROOM = 250

Sdp = Annotated[str, Meta(min_length=1, max_length=16_000, description="a session description of WebRTC")]
Invited = Annotated[list[Id], Meta(min_length=1, max_length=_MOST_IN_A_ROOM - 1, description="members of the chat")]
CallId = Annotated[Id | None, Meta(description="the call that you are in or that rings, where it is absent")]


class CallStart(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom to call: a chat, of a group that is too large only some; or a user, in the private chat."""

    chat_id: Id | None = None
    user_id: Id | None = None
    user_ids: Invited | None = None
    type: CallType = "audio"
    room: Annotated[bool, Meta(description="more than four may take part, by the Amazon Chime SDK")] = False
    sdp: Sdp | None = None


class CallAccept(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The answer to the offer that came with the call, if any."""

    sdp: Sdp | None = None


class CallEnd(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Why one ends a call: `failed`, where no connection came about."""

    reason: Annotated[Literal["ended", "failed"], Meta(title="LeavingReason")] = "ended"


class CallRing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom to call into the call too. Without them it says that this device rings."""

    user_ids: Invited | None = None


class CallStates(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the others are to know of one's device; what is absent stays."""

    muted: bool | UnsetType = UNSET
    camera: bool | UnsetType = UNSET
    screen: bool | UnsetType = UNSET


class CallInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The call that something is about."""

    call_id: CallId = None


class CallAcceptInput(CallAccept, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The call to answer."""

    call_id: CallId = None


class CallEndInput(CallEnd, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The call to end, or to leave."""

    call_id: CallId = None


class CallRingInput(CallRing, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The call that rings, or is to ring for others too."""

    call_id: CallId = None


class CallStatesInput(CallStates, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The call, and what the others are to know of one's device."""

    call_id: CallId = None


class SignalInput(CallInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """To whom in which call a signal goes."""

    to: Annotated[Id | None, Meta(description="a participant; may be absent where there is one other")] = None
    number: SignalNumber | None = None


class SdpInput(SignalInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An offer or an answer for the device of another participant."""

    sdp: Sdp


class IceInput(SignalInput, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An ICE candidate for the device of another participant; null after the last."""

    candidate: IceCandidate | None


class CallQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which of one's calls; `missed` are those that one did not answer, or was busy for."""

    chat_id: Id | None = None
    type: CallType | None = None
    status: CallStatus | None = None
    direction: Annotated[Literal["incoming", "outgoing"], Meta(title="CallDirection")] | None = None
    missed: bool = False


class CallList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of one's calls, the newest first."""

    calls: list[Call]
    users: Users
    has_more: bool
    next_cursor: str | None


class IceServer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A server as `RTCPeerConnection` takes it."""

    urls: list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET


class IceServerList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What clients reach each other by."""

    ice_servers: list[IceServer]
    expires_at: Annotated[Timestamp, Meta(description="of the credentials")]
