"""What chats take and answer."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core import clock
from chalicelib.core.errors import InvalidInput
from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.names import NAME
from chalicelib.core.paging import Page
from chalicelib.features.uploads.avatars import AvatarId, AvatarUrl
from chalicelib.realtime.shapes import AllowedMembers, Chat, ChatType, NotifyOf, Role, Users

Name = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"\S", extra={TOLD: "must have a visible character", **NAME})
]
Description = Annotated[str, Meta(max_length=1000)]
Moment = Annotated[datetime, Meta(tz=True)]
InviteToken = Annotated[str, Meta(min_length=1, max_length=64)]
Query = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"\S",
        description="matched without regard to case, accents and the dots of ё",
        extra={TOLD: "must have a visible character"},
    ),
]

_DAY = 24 * 60 * 60
_YEAR = 365 * _DAY


class ChatInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A private chat takes the other user's id alone, or one's own for saved messages; a group takes any number."""

    type: ChatType
    participant_ids: Annotated[list[Id], Meta(max_length=1000)]
    name: Name | None = None
    description: Description = ""


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A chat's own rules; what is absent stays as it is. A private chat has `messageSeconds` alone."""

    who_can_send: AllowedMembers | UnsetType = UNSET
    who_can_add: AllowedMembers | UnsetType = UNSET
    message_seconds: Annotated[int, Meta(ge=5, le=_YEAR)] | UnsetType | None = UNSET
    slow_mode_seconds: Annotated[int, Meta(ge=1, le=_DAY)] | UnsetType | None = UNSET


class ChatChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is absent stays as it is."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    avatar_id: AvatarId | UnsetType | None = UNSET
    avatar_url: AvatarUrl | UnsetType | None = UNSET
    is_public: bool | UnsetType = UNSET
    settings: SettingsChange | UnsetType = UNSET


class ParticipantsInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One user or several."""

    user_id: Id | None = None
    user_ids: Annotated[list[Id], Meta(max_length=1000)] = []


class RoleInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The role that a member is to have."""

    role: Role


class MuteInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Until when a chat is muted; for ever, where `until` is absent or null."""

    until: Moment | None = None


class NotifyInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Of what the caller's devices are to be notified in a chat."""

    notify_of: NotifyOf


class ChatQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which of the caller's chats: archived ones, the others, or all where it is absent; or the one with a user.

    `requests` asks for those that strangers have begun and that wait to be accepted, and for no others. `userId` asks
    for the private chat with a user, wherever it is, and makes none.
    """

    archived: bool | None = None
    requests: bool = False
    user_id: Id | None = None


class ChatList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of the caller's chats: pinned ones first, then the one with the newest message."""

    chats: list[Chat]
    users: Users
    has_more: bool
    next_cursor: str | None


class UnreadChat(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A chat in which the caller is mentioned by what they have not read."""

    chat_id: Id
    unread_count: Annotated[int, Meta(ge=0)]
    mention_count: Annotated[int, Meta(ge=1)]


class Unread(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What there is to be read in all the caller's chats."""

    unread_count: Annotated[int, Meta(ge=0)]
    unread_chats: Annotated[int, Meta(ge=0, description="chats with unread messages or marked as unread")]
    request_count: Annotated[
        int, Meta(ge=0, description="requests with messages; nothing in them counts as unread or notifies")
    ]
    missed_calls: Annotated[int, Meta(ge=0, description="calls that were missed, and whose messages are not read")]
    chats: Annotated[list[UnreadChat], Meta(description="those with mentions, by their ids")]


class ChatPreview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What those may know of a group who are not in it."""

    id: Id
    name: str | None
    description: str
    avatar_url: str | None
    is_public: bool
    participant_count: Annotated[int, Meta(ge=0)]
    is_member: bool
    created_at: Timestamp


class PublicChatQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to look for in the names of public groups; all of them, where it is absent."""

    q: Query | None = None


class PublicChatList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of public groups, the newest first."""

    chats: list[ChatPreview]
    has_more: bool
    next_cursor: str | None


class InviteInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How long an invite can be used, as a time or in seconds, and how often; without a limit where it is absent."""

    expires_at: Moment | None = None
    expires_in: Annotated[int, Meta(ge=60, le=_YEAR, description="seconds")] | None = None
    max_uses: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class Invite(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A link by which somebody may join a group."""

    id: Id
    chat_id: Id
    created_by: Id | None
    expires_at: Timestamp | None
    max_uses: int | None
    uses: Annotated[int, Meta(ge=0)]
    is_open: Annotated[
        bool, Meta(description="not expired, not used up, and its maker may still add members to the group")
    ]
    created_at: Timestamp


class NewInvite(Invite, frozen=True, kw_only=True, rename="camel"):
    """An invite that was just made, with its token, which is told this once."""

    token: str


class InviteList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a group's invites that were not taken back, the newest first."""

    invites: list[Invite]
    has_more: bool
    next_cursor: str | None


def check_future(field: str, moment: datetime, longest: timedelta) -> None:
    """Raises InvalidInput for a moment that is over, or further away than `longest`."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    if not now < moment <= now + longest:
        raise InvalidInput.at(
            field, "out_of_range", "must be a time within the next {limit:day|days}", limit=longest.days
        )
