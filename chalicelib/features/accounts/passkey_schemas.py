"""Wire types of passkeys, as WebAuthn (level 3) writes them in JSON: browsers read and write them themselves."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.names import NAME
from chalicelib.features.accounts.schemas import Code

Encoded = Annotated[
    str,
    Meta(
        max_length=16_000,
        pattern=r"^[A-Za-z0-9_-]*(?!\n)$",
        description="base64url without padding",
        extra={TOLD: "must be base64url without padding"},
    ),
]
PasskeyName = Annotated[
    str, Meta(min_length=1, max_length=60, pattern=r"\S", extra={TOLD: "must have a visible character", **NAME})
]
Transport = Annotated[str, Meta(max_length=20)]
HostName = Annotated[str, Meta(description="the host name that passkeys are bound to")]
UserHandle = Annotated[str, Meta(description="by which the authenticator knows the user; base64url")]
CredentialName = Annotated[str, Meta(description="by which the authenticator knows the passkey; base64url")]
Milliseconds = Annotated[int, Meta(description="milliseconds")]


class PasskeyBeginning(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The password once more, and a code where the account has a second factor."""

    password: str
    code: Code | None = None


class RelyingParty(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a passkey is for."""

    id: HostName
    name: Annotated[str, Meta(description="the service's name")]


class PasskeyUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose passkey it is to be, as the authenticator shows it."""

    id: UserHandle
    name: Annotated[str, Meta(description="the username")]
    display_name: str


class KeyKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of key by its number at IANA (COSE)."""

    type: Literal["public-key"]
    alg: Annotated[int, Meta(description="as COSE counts them")]


class KnownKey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey that the user has."""

    type: Literal["public-key"]
    id: CredentialName
    transports: list[str]


class AuthenticatorSelection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the authenticator must do: keep the passkey itself, and ask who is there."""

    resident_key: Annotated[Literal["required"], Meta(description="that it keeps the passkey itself")] = "required"
    require_resident_key: Annotated[bool, Meta(description="the same, for older browsers")] = True
    user_verification: Literal["required"] = "required"


class CreationOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `PublicKeyCredential.parseCreationOptionsFromJSON` reads."""

    rp: Annotated[RelyingParty, Meta(description="whom the passkey is for")]
    user: PasskeyUser
    challenge: str
    pub_key_cred_params: list[KeyKind]
    timeout: Milliseconds
    exclude_credentials: list[KnownKey]
    authenticator_selection: AuthenticatorSelection
    attestation: Literal["none"]


class RequestOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `PublicKeyCredential.parseRequestOptionsFromJSON` reads."""

    challenge: str
    timeout: Milliseconds
    rp_id: HostName
    user_verification: Literal["required"]


# Browsers add what later levels of WebAuthn have: these three take fields that they do not know.
class AttestationResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an authenticator says of a new passkey."""

    client_data: Encoded = msgspec.field(name="clientDataJSON")
    attestation_object: Encoded
    transports: Annotated[list[Transport], Meta(max_length=10)] = []


class AssertionResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an authenticator has signed."""

    client_data: Encoded = msgspec.field(name="clientDataJSON")
    authenticator_data: Encoded
    signature: Encoded


class NewCredential(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `credential.toJSON()` writes of a new passkey."""

    id: Encoded
    raw_id: Encoded
    type: Literal["public-key"]
    response: AttestationResponse


class SignedCredential(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `credential.toJSON()` writes of a log-in."""

    id: Encoded
    raw_id: Encoded
    type: Literal["public-key"]
    response: AssertionResponse


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A passkey that the authenticator has made, under a name that its user knows it by."""

    name: PasskeyName
    credential: NewCredential


class PasskeyLogin(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the authenticator has signed. It says whose passkey it is."""

    credential: SignedCredential


class PasskeyRename(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Another name."""

    name: PasskeyName


class Passkey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One's passkey. `is_synced` says that the authenticator copies it to the user's other devices."""

    id: Id
    name: str
    is_synced: bool
    created_at: Timestamp
    last_used_at: Timestamp | None


class PasskeyList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All of one's passkeys, the oldest first."""

    passkeys: list[Passkey]
