"""Wire types of profiles, contacts and blocks."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import CHECK, TOLD
from chalicelib.core.ids import Id
from chalicelib.core.names import NAME
from chalicelib.core.paging import IdList, Page
from chalicelib.features.accounts import usernames
from chalicelib.features.uploads.avatars import AvatarId, AvatarUrl
from chalicelib.realtime.people import Block, CallRule, Contact, LastSeenRule, MessageRule, User

Username = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=32,
        extra={CHECK: usernames.wrong_username},
        description="letters and digits of any script, `_`, `.` and `-`; unique without regard to case",
    ),
]
# A form check only: whether an address works shows when mail is sent there.
Email = Annotated[
    str,
    Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+(?!\s)$", extra={TOLD: "must be an email address"}),
]
PersonName = Annotated[str, Meta(max_length=100, extra=NAME)]
DisplayName = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"\S", extra={TOLD: "must have a visible character", **NAME})
]
StatusText = Annotated[str, Meta(max_length=200, extra=NAME)]
Query = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"\S",
        description="matched without regard to case, accents and the dots of ё",
        extra={TOLD: "must have a visible character"},
    ),
]


class UserList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of people."""

    users: list[User]
    has_more: bool
    next_cursor: str | None


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change about oneself; what is absent stays."""

    username: Username | UnsetType = UNSET
    display_name: DisplayName | UnsetType = UNSET
    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    avatar_id: AvatarId | UnsetType | None = UNSET
    avatar_url: AvatarUrl | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    status_text: StatusText | UnsetType = UNSET


class PrivacyChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is absent stays."""

    read_receipts: bool | UnsetType = UNSET
    last_seen: LastSeenRule | UnsetType = UNSET
    calls: CallRule | UnsetType = UNSET
    messages: MessageRule | UnsetType = UNSET


class UsersQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Everybody; or those with these ids, whom it answers at once."""

    ids: IdList | None = None


class SearchQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to look for among everybody."""

    q: Query


class ContactList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of one's contacts."""

    contacts: list[Contact]
    has_more: bool
    next_cursor: str | None


class ContactQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which of one's contacts."""

    q: Query | None = None


class NewContact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom to add, and the name to keep them under."""

    user_id: Id
    name: DisplayName | None = None


class ContactChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Another name for a contact, or none."""

    name: DisplayName | None


class BlockList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of one's blocks."""

    blocks: list[Block]
    has_more: bool
    next_cursor: str | None
