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
LetterToken = Annotated[str, Meta(max_length=100, description="as the letter has it")]
Code = Annotated[str, Meta(max_length=40, description="of an authenticator, or a recovery code")]
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
    code: Code | None = None


class RefreshRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The newest refresh token of a session."""

    refresh_token: Annotated[str, Meta(max_length=200)]


class LogoutRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The session of this refresh token ends too, where it is another one of the same user."""

    refresh_token: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET


class PasswordChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Another password, by whoever knows the one before."""

    current_password: str
    new_password: Password


class ResetRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whose password was forgotten."""

    email: Email


class PasswordReset(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Another password, by whoever has the letter."""

    token: LetterToken
    password: Password


class EmailConfirmation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The token of a letter that was sent to an address."""

    token: LetterToken


class EmailRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Another address for the account of whoever knows its password."""

    email: Email
    password: str


class PasswordProof(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The password, once more."""

    password: str


class CodeProof(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A code of the authenticator."""

    code: Code


class BothProofs(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The password, once more, and a code."""

    password: str
    code: Code


class Deletion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From when on the account is deleted, unless its user logs in before."""

    delete_after: Timestamp


ArchiveState = Annotated[Literal["none", "working", "ready"], Meta(title="ArchiveState")]


class Export(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How far an archive has come, in per cent; `GET /uploads/{upload_id}` fetches it once it is ready."""

    state: ArchiveState
    progress: Annotated[int, Meta(ge=0, le=100)]
    upload_id: Id | None


class NewSecondFactor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an authenticator is given: the secret to type in, or as a URI to show as a QR code."""

    secret: str
    uri: str


class RecoveryCodeList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Each stands for one code of the authenticator. They are told once."""

    recovery_codes: list[str]


class SecondFactorState(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether log-ins ask for a code, and how many recovery codes are left."""

    is_on: bool
    recovery_codes_left: int


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
