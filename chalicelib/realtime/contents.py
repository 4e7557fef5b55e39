"""What a message holds beside its text and its files."""

from typing import Annotated

import msgspec

from chalicelib.core.ids import Id, Timestamp


class Location(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A place on Earth, in degrees."""

    latitude: float
    longitude: float
    name: str | None


class ContactCard(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Somebody whose contact was sent: a user here, or anybody with a telephone."""

    user_id: Id | None
    name: Annotated[str | None, msgspec.Meta(description="null only of a message that waits")]
    phone: str | None


# What a poll can have, and a vote can name.
MOST_OPTIONS = 12


class PollOption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What can be voted for."""

    text: str
    vote_count: Annotated[int, msgspec.Meta(ge=0)]
    voters: Annotated[list[Id], msgspec.Meta(description="the first who voted first; empty if the poll is anonymous")]


class Poll(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A poll, whose question is the message's content, with its votes."""

    options: list[PollOption]
    is_multiple: Annotated[bool, msgspec.Meta(description="a vote may be for several options")]
    is_anonymous: bool
    voter_count: Annotated[int, msgspec.Meta(ge=0)]
    closes_at: Annotated[Timestamp | None, msgspec.Meta(description="from then on nobody can vote")]
    closed_at: Annotated[Timestamp | None, msgspec.Meta(description="since when nobody can vote; null if open")]


class PollPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A poll of a message that waits."""

    options: list[str]
    is_multiple: bool
    is_anonymous: bool
    closes_at: Timestamp | None
