"""What the directory of keys takes and answers."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Seq, Timestamp
from chalicelib.core.paging import DEFAULT_LIMIT, Limit
from chalicelib.realtime.keys import ChainHead, DeviceMessage, LogHash

# At once, and of one device.
MOST_AT_ONCE = 100
MOST_CLAIMED = 100

# The last character has the bits that 32 and 64 bytes leave in it: each key has one spelling.
PublicKey = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048](?!\s)$",
        description="32 bytes, base64 without padding",
        extra={TOLD: "must be a key of 32 bytes, in base64 without padding"},
    ),
]
Signature = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9+/]{85}[AQgw](?!\s)$",
        description="an Ed25519 signature of 64 bytes, base64 without padding",
        extra={TOLD: "must be a signature of 64 bytes, in base64 without padding"},
    ),
]
KeyId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9+/_-]{1,64}(?!\s)$",
        description="names the key among those of its device",
        extra={TOLD: "must have 1 to 64 letters, digits, and + / _ -"},
    ),
]
DeviceId = Annotated[Id, Meta(description="a device: the id of its session")]
IdentityKey = Annotated[PublicKey, Meta(description="the device's Curve25519 key, base64 without padding")]
SigningKey = Annotated[PublicKey, Meta(description="the device's Ed25519 key, base64 without padding")]


class SignedPreKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Curve25519 key that stands in where no one-time key is left; signed by the device's signing key."""

    id: KeyId
    key: PublicKey
    signature: Annotated[Signature, Meta(description="of the key's base64, by the signing key")]


class OneTimeKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Curve25519 key that one other device is given."""

    id: KeyId
    key: PublicKey


class KeysInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The keys of the device that asks. The first two stay as they were published first."""

    identity_key: IdentityKey
    signing_key: SigningKey
    signed_pre_key: SignedPreKey
    one_time_keys: Annotated[list[OneTimeKey], Meta(max_length=MOST_AT_ONCE, description="more one-time keys")] = []


class OwnKeys(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What others find of the device that asks."""

    device_id: DeviceId
    published: Annotated[bool, Meta(description="whether the device has published keys")]
    one_time_keys: Annotated[int, Meta(ge=0, description="how many one-time keys nobody has been given yet")]
    pre_key_rotated_at: Annotated[Timestamp | None, Meta(description="since when the signed pre-key is this one")]


class DeviceKeys(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The keys of a device."""

    device_id: DeviceId
    user_id: Id
    identity_key: IdentityKey
    signing_key: SigningKey
    signed_pre_key: SignedPreKey
    published_at: Annotated[Timestamp, Meta(description="when the device published its keys first")]


class ClaimedKeys(DeviceKeys, frozen=True, kw_only=True, rename="camel"):
    """The same with a one-time key, which nobody else is given; null where the signed pre-key stands in for it."""

    one_time_key: OneTimeKey | None


class UserKeys(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The devices of a user that have keys, and where the user's log of keys ends."""

    devices: Annotated[list[DeviceKeys], Meta(description="the devices, by id")]
    log: ChainHead


class ClaimInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Of which devices to get a key."""

    device_ids: Annotated[
        list[DeviceId], Meta(min_length=1, max_length=MOST_CLAIMED, description="devices, of any users")
    ]


class Claim(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key of each device that the caller may write to and that has keys."""

    devices: Annotated[list[ClaimedKeys], Meta(description="the devices, by id")]
    missing: Annotated[
        list[DeviceId], Meta(description="those that are gone, have no keys, or are not the caller's to ask")
    ]


class KeyLogQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """From where on."""

    after: Annotated[Seq, Meta(description="the position of the last entry that is known")] = 0
    limit: Limit = DEFAULT_LIMIT


class KeyLogEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device that came or went."""

    position: Annotated[Seq, Meta(description="counts the user's entries, from 1")]
    change: Annotated[
        Literal["added", "removed"], Meta(title="KeyLogChange", description="what became of the device")
    ]
    device_id: DeviceId
    identity_key: IdentityKey
    signing_key: SigningKey
    changed_at: Timestamp
    hash: LogHash


class KeyLog(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of a user's log of keys, and where the log ends."""

    entries: Annotated[list[KeyLogEntry], Meta(description="the entries, in order")]
    has_more: bool
    head: Annotated[ChainHead, Meta(description="where the log ends now")]


# A frame on a socket carries 32 KB.
Ciphertext = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9+/=_-]{1,16000}(?!\s)$",
        description="the ciphertext, base64",
        extra={TOLD: "must have 1 to 16000 characters of base64"},
    ),
]
CiphertextType = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9._-]{1,40}(?!\s)$",
        description="what the client calls it, such as `olm.0` or `megolm.key`",
        extra={TOLD: "must have 1 to 40 letters from a to z, digits, and . _ -"},
    ),
]


class DeviceMessageInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message that one device can read."""

    device_id: DeviceId
    type: CiphertextType
    body: Ciphertext


class DeviceSendInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message, or several, for each device of these users that has keys, but for the one that sends."""

    user_ids: Annotated[
        list[Id], Meta(min_length=1, max_length=MOST_CLAIMED, description="the users whose devices are to read it")
    ]
    messages: Annotated[list[DeviceMessageInput], Meta(max_length=MOST_CLAIMED, description="for each device")]


class DeviceSent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """For which devices messages wait now."""

    device_ids: Annotated[list[DeviceId], Meta(description="the devices, by id")]
    full: Annotated[list[DeviceId], Meta(description="devices for which a thousand wait: they got nothing")]


class DeviceMessageQuery(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """From where on."""

    after: Annotated[Seq, Meta(description="the id of the last message that is known")] = 0
    limit: Limit = DEFAULT_LIMIT


class DeviceMessages(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of what waits for the device that asks."""

    messages: Annotated[list[DeviceMessage], Meta(description="the messages, the oldest first")]
    has_more: bool


class ReceivedInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What the device that asks has received and kept."""

    up_to: Annotated[Seq, Meta(description="the id of the last message that it has received, with all before it")]


class Received(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is left."""

    waiting: Annotated[int, Meta(ge=0, description="how many messages wait for the device")]
