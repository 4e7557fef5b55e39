"""Wire types of profiles, contacts and blocks."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.names import NAME
from chalicelib.core.paging import Page
from chalicelib.realtime.shapes import Presence

# A form check only: whether an address works shows when mail is sent there.
Email = Annotated[
    str,
    Meta(max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+(?!\s)$", extra={TOLD: "must be an email address"}),
]
PersonName = Annotated[str, Meta(max_length=100, extra=NAME)]
DisplayName = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=r"\S", extra={TOLD: "must have a visible character", **NAME})
]
AvatarUrl = Annotated[
    str,
    Meta(max_length=2048, pattern=r'^https?://[^\s"<>\\]+(?!\s)$', extra={TOLD: "must be an http or https address"}),
]
StatusText = Annotated[str, Meta(max_length=200, extra=NAME)]
AccountRole = Annotated[Literal["user", "moderator", "admin"], Meta(title="AccountRole")]
Query = Annotated[
    str,
    Meta(
        max_length=100,
        pattern=r"\S",
        description="matched without regard to case",
        extra={TOLD: "must have a visible character"},
    ),
]


class User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person as others see them, and with `email` as they see themselves."""

    id: Id
    username: str
    email: str | UnsetType | None = UNSET
    display_name: str
    first_name: str
    last_name: str
    avatar_url: str | None
    status: Presence
    status_text: str
    last_seen_at: Timestamp | None
    role: AccountRole
    created_at: Timestamp


class UserList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of people."""

    users: list[User]
    has_more: bool
    next_cursor: str | None


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change about oneself; what is absent stays."""

    display_name: DisplayName | UnsetType = UNSET
    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    avatar_url: AvatarUrl | UnsetType | None = UNSET
    email: Email | UnsetType | None = UNSET
    status_text: StatusText | UnsetType = UNSET


LastSeenRule = Annotated[
    Literal["everyone", "contacts", "nobody"],
    Meta(title="LastSeenRule", description="`contacts` are one's own"),
]


class Privacy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether one shares read receipts, and who may see when one is or was there."""

    read_receipts: Annotated[bool, Meta(description="without them, one does not see others' either")]
    last_seen: LastSeenRule


class PrivacyChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is absent stays."""

    read_receipts: bool | UnsetType = UNSET
    last_seen: LastSeenRule | UnsetType = UNSET


class SearchQuery(Page, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to look for among everybody."""

    q: Query


class Contact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody in one's address book, under a name of one's own where one gave it."""

    user_id: Id
    name: str | None
    user: User


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


class Block(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody whom one has blocked."""

    user_id: Id
    created_at: Timestamp
    user: User


class BlockList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of one's blocks."""

    blocks: list[Block]
    has_more: bool
    next_cursor: str | None
