"""Keys of devices, as answers and events have them."""

from typing import Annotated

import msgspec

from chalicelib.core.ids import Id, Seq, Timestamp

LogHash = Annotated[
    str, msgspec.Meta(description="SHA-256 in hex, of an entry and the hash before it; empty where there is no entry")
]


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    """Where a log of keys ends."""

    position: Annotated[Seq, msgspec.Meta(description="of the last entry; 0 where there is none")]
    hash: LogHash


class KeysChanged(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device of a user has keys now, or is gone."""

    user_id: Id
    log: Annotated[ChainHead, msgspec.Meta(description="where the user's log of keys ends now")]


class KeysLow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The hearer's device has few one-time keys left, and should publish more."""

    device_id: Annotated[Id, msgspec.Meta(description="the device: the id of its session")]
    one_time_keys: Annotated[int, msgspec.Meta(ge=0, description="how many nobody has been given yet")]


class DeviceMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An encrypted message for the hearer's device."""

    id: Annotated[Id, msgspec.Meta(description="grows with each message for the device")]
    sender_id: Annotated[Id, msgspec.Meta(description="the user who sent it")]
    sender_device_id: Annotated[Id, msgspec.Meta(description="the device that sent it: the id of its session")]
    type: Annotated[str, msgspec.Meta(description="what the sender's client calls it")]
    body: Annotated[str, msgspec.Meta(description="the ciphertext, as the sender gave it")]
    created_at: Timestamp
