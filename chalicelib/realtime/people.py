"""People, and what a user has made of those they know: the resources that REST answers and socket events carry."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.context import Role
from chalicelib.core.ids import Id, Timestamp
from chalicelib.realtime.shapes import Presence

AccountRole = Annotated[Role, Meta(title="AccountRole")]
LastSeenRule = Annotated[
    Literal["everyone", "contacts", "nobody"],
    Meta(title="LastSeenRule", description="`contacts` are one's own"),
]


CallRule = Annotated[
    Literal["everyone", "contacts", "nobody"],
    Meta(title="CallRule", description="`contacts` are one's own"),
]


MessageRule = Annotated[
    Literal["everyone", "requests", "contacts", "nobody"],
    Meta(
        title="MessageRule",
        description="`contacts` are one's own; by `requests` all others may ask, and their chats wait to be accepted",
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


class Privacy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether one shares read receipts, and who may see when one is or was there, call, and write first."""

    read_receipts: Annotated[bool, Meta(description="without them, one does not see others' either")]
    last_seen: LastSeenRule
    calls: CallRule
    messages: MessageRule


class Contact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody in one's address book, under a name of one's own where one gave it."""

    user_id: Id
    name: str | None
    user: User


class Block(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody whom one has blocked."""

    user_id: Id
    created_at: Timestamp
    user: User
