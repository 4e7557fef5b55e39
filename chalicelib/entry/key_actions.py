"""What is done with keys of devices by a frame on a socket; actions.py lists it among the others."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core.context import Actor
from chalicelib.features.encryption import directory, publishing
from chalicelib.features.encryption.schemas import Claim, ClaimInput, KeysInput, OwnKeys


def publish_keys(actor: Actor, data: KeysInput) -> OwnKeys:
    """Publish the keys of this device, its next signed pre-key, or more one-time keys; again is as once."""
    return publishing.publish(actor, data)


def claim_keys(actor: Actor, data: ClaimInput) -> Claim:
    """Get a key of each of these devices, to begin a session with it; one-time keys are given once."""
    claimed, _ = directory.claim(actor, data.device_ids)
    return claimed


KEYS: Mapping[str, Callable[..., Any]] = {"keys:publish": publish_keys, "keys:claim": claim_keys}
