"""Keys of devices, as answers and events have them."""

from typing import Annotated

import msgspec

from chalicelib.core.ids import Id, Seq

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
