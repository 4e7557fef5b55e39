"""What a call is made of, and what its events carry."""

from typing import Annotated, Literal

import msgspec

from chalicelib.core.ids import MAX_ID, Id, Timestamp

CallType = Annotated[Literal["audio", "video"], msgspec.Meta(title="CallKind")]
CallStatus = Annotated[
    Literal["ringing", "active", "missed", "declined", "busy", "ended", "failed"],
    msgspec.Meta(title="StatusOfCall", description="a call goes on while it is `ringing` or `active`"),
]
CallEndReason = Annotated[
    Literal["missed", "declined", "busy", "ended", "failed", "answered_elsewhere"],
    msgspec.Meta(title="WhyCallEnded"),
]
SignalNumber = Annotated[
    int, msgspec.Meta(ge=0, le=MAX_ID, description="as the sender counts: signals may overtake each other")
]


class IceCandidate(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What `RTCIceCandidate.toJSON()` makes."""

    candidate: Annotated[str, msgspec.Meta(max_length=2_000)]
    sdp_mid: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    sdp_m_line_index: Annotated[int, msgspec.Meta(ge=0, le=1_000)] | None = msgspec.field(
        name="sdpMLineIndex", default=None
    )
    username_fragment: Annotated[str, msgspec.Meta(max_length=300)] | None = None


class CallParticipant(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody in a call, or for whom it rings or has rung."""

    user_id: Id
    state: Annotated[
        Literal["ringing", "joined", "left", "declined", "busy", "missed"], msgspec.Meta(title="PartyState")
    ]
    ringing: Annotated[bool, msgspec.Meta(description="a device has said that it rings")]
    connected: Annotated[bool, msgspec.Meta(description="has joined, and its device has a socket")]
    muted: bool
    camera: bool
    screen: Annotated[bool, msgspec.Meta(description="shares a screen")]
    joined_at: Timestamp | None
    left_at: Timestamp | None
