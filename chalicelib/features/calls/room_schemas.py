"""What one enters a room by: named as the Amazon Chime SDK names it, whose clients take it as it stands."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType


class ChimePlacement(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """Where a meeting's sound and pictures go."""

    audio_host_url: str
    signaling_url: str
    audio_fallback_url: str | UnsetType = UNSET
    turn_control_url: str | UnsetType = UNSET
    screen_data_url: str | UnsetType = UNSET
    screen_viewing_url: str | UnsetType = UNSET
    screen_sharing_url: str | UnsetType = UNSET
    event_ingestion_url: str | UnsetType = UNSET


class ChimeMeeting(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """A meeting, as `CreateMeeting` answers it."""

    meeting_id: str
    external_meeting_id: str | UnsetType = UNSET
    media_region: str
    media_placement: ChimePlacement
    meeting_features: Annotated[dict[str, Any], Meta(description="as Chime has them")] | UnsetType = UNSET
    meeting_arn: str | UnsetType = UNSET


class ChimeAttendee(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """What lets one device into a meeting, as `CreateAttendee` answers it. Show it to nobody else."""

    attendee_id: str
    external_user_id: Annotated[str, Meta(description="`user-` and the id of the user")]
    join_token: str
    capabilities: Annotated[dict[str, str], Meta(description="as Chime has them")] | UnsetType = UNSET


class CallRoom(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What `MeetingSessionConfiguration` of amazon-chime-sdk-js takes."""

    meeting: ChimeMeeting
    attendee: ChimeAttendee
