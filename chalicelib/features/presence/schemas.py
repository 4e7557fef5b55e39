"""What presence takes and answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.ids import Id
from chalicelib.features.people.schemas import StatusText
from chalicelib.realtime.event_data import UserPresence
from chalicelib.realtime.shapes import Presence

Choice = Annotated[Literal["online", "away", "busy", "invisible"], Meta(title="ChosenPresence")]


class StatusInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to be seen as while one is there. A text that is absent stays."""

    status: Presence
    status_text: StatusText | UnsetType = UNSET


class ChosenStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one has chosen to be seen as while one is there."""

    status: Choice
    status_text: str


class PresenceQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """After whom one asks."""

    user_ids: Annotated[list[Id], Meta(min_length=1, max_length=100)]


class PresenceList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who is there, in the order in which they were asked after."""

    presences: list[UserPresence]
