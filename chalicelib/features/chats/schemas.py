"""What chats take and answer."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.ids import Id
from chalicelib.realtime.shapes import Chat, ChatType

Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
Description = Annotated[str, Meta(max_length=1000)]
Link = Annotated[str, Meta(max_length=2000, pattern=r'^https?://[^\s"<>\\]+(?!\s)$')]


class ChatInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A private chat takes the other user's id alone; a group takes a name and any number of ids."""

    type: ChatType
    participant_ids: Annotated[list[Id], Meta(max_length=1000)]
    name: Name | None = None
    description: Description = ""


class ChatChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is absent stays as it is."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    avatar_url: Link | UnsetType | None = UNSET


class ParticipantsInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One user or several."""

    user_id: Id | None = None
    user_ids: Annotated[list[Id], Meta(max_length=1000)] = []


class ChatList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of the caller's chats, the one with the newest message first."""

    chats: list[Chat]
    has_more: bool
    next_cursor: str | None
