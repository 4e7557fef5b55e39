"""Wire types of registering, logging in and sessions."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import CHECK
from chalicelib.core.ids import Id, Timestamp
from chalicelib.features.accounts import passwords
from chalicelib.features.people.schemas import Email, PersonName, Username
from chalicelib.realtime.people import User

Password = Annotated[
    str,
    Meta(
        min_length=8, max_length=72, description="at most 72 bytes in UTF-8", extra={CHECK: passwords.wrong_password}
    ),
]
Seconds = Annotated[int, Meta(description="seconds")]


class Registration(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who wants an account."""

    username: Username
    email: Email | None = None
    password: Password
    first_name: PersonName = ""
    last_name: PersonName = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who logs in, by one of two names. What no account could have is not refused: it is just wrong."""

    username: Annotated[str, Meta(max_length=254, description="an email address is taken here too")] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    password: str


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The newest refresh token of a session."""

    refresh_token: Annotated[str, Meta(max_length=200)]


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The session of this refresh token ends too, where it is another one of the same user."""

    refresh_token: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class Admission(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a session is used with. `token` is an access token for clients that know of no refresh: it lives for days.

    Both end with the session, at once.
    """

    user: User
    access_token: str
    refresh_token: str
    token: str
    expires_in: Seconds


class Verification(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The access token is good, and this is who it speaks for."""

    valid: Literal[True]
    user: User


class Session(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device that is logged in. `current` is the one that asks."""

    id: Id
    current: bool
    user_agent: str
    address: str
    created_at: Timestamp
    refreshed_at: Timestamp
    expires_at: Timestamp


class SessionList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of one's sessions, the newest first."""

    sessions: list[Session]
    has_more: bool
    next_cursor: str | None


class Ticket(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Opens one socket, once."""

    ticket: str
    expires_in: Seconds
