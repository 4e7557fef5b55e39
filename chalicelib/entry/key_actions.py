"""What is done with keys of devices by a frame on a socket; actions.py lists it among the others."""

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.core.context import Actor
from chalicelib.features.encryption import directory, messages, publishing
from chalicelib.features.encryption.schemas import (
    Claim,
    ClaimInput,
    DeviceSendInput,
    DeviceSent,
    KeysInput,
    OwnKeys,
    Received,
    ReceivedInput,
)


def publish_keys(actor: Actor, data: KeysInput) -> OwnKeys:
    """Publish the keys of this device, its next signed pre-key, or more one-time keys; again is as once."""
    return publishing.publish(actor, data)


def claim_keys(actor: Actor, data: ClaimInput) -> Claim:
    """Get a key of each of these devices, to begin a session with it; one-time keys are given once."""
    claimed, _ = directory.claim(actor, data.device_ids)
    return claimed


def send_to_devices(actor: Actor, data: DeviceSendInput) -> DeviceSent:
    """Send encrypted messages to the devices of users, each to be read by one device."""
    sent, _ = messages.send(actor, data)
    return sent


def receive_device_messages(actor: Actor, data: ReceivedInput) -> Received:
    """Say that this device has received its messages up to one, which are forgotten; again is as once."""
    return messages.receive(actor, data.up_to)


KEYS: Mapping[str, Callable[..., Any]] = {
    "keys:publish": publish_keys,
    "keys:claim": claim_keys,
    "keys:send": send_to_devices,
    "keys:received": receive_device_messages,
}
