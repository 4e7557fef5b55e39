"""Keys of devices, over HTTP."""

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import Blocked, DevicesChanged, KeysFixed, Muted, NotFound, RateLimited, TooManyKeys
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.encryption import directory, messages, publishing
from chalicelib.features.encryption.schemas import (
    Claim,
    ClaimInput,
    DeviceMessageQuery,
    DeviceMessages,
    DeviceSendInput,
    DeviceSent,
    KeyLog,
    KeyLogQuery,
    KeysInput,
    OwnKeys,
    Received,
    ReceivedInput,
    UserKeys,
)

routes = Routes("encryption")


@routes.put("/keys", refuses=(KeysFixed, TooManyKeys))
def publish_keys(actor: Actor, body: KeysInput) -> OwnKeys:
    """Publish the keys of this session's device, its next signed pre-key, or more one-time keys; again is as once."""
    return publishing.publish(actor, body)


@routes.get("/keys")
def get_own_keys(actor: Actor) -> OwnKeys:
    """What others find of this session's device, and how many one-time keys it has left."""
    return publishing.own(actor)


@routes.post("/keys/claim", refuses=(RateLimited,))
def claim_keys(actor: Actor, body: ClaimInput) -> Reply[Claim]:
    """Get a key of each of these devices, to begin a session with it; one-time keys are given once."""
    claimed, allowance = directory.claim(actor, body.device_ids)
    return Reply(body=claimed, status=200, headers=ratelimit.headers(directory.policy(), allowance))


@routes.get("/users/{user_id}/keys", refuses=(NotFound, Blocked))
def get_keys_of_user(actor: Actor, user_id: Id) -> UserKeys:
    """The devices of a user that have keys, and where the user's log of keys ends."""
    return directory.devices(actor, user_id)


@routes.get("/users/{user_id}/keys/log", refuses=(NotFound, Blocked))
def get_key_log(actor: Actor, user_id: Id, query: KeyLogQuery) -> KeyLog:
    """Which devices of a user came and went, in a chain of hashes."""
    return directory.log(actor, user_id, query)


@routes.post("/keys/messages", refuses=(NotFound, Blocked, Muted, DevicesChanged, RateLimited))
def send_to_devices(actor: Actor, body: DeviceSendInput) -> Reply[DeviceSent]:
    """Send encrypted messages to the devices of users, each to be read by one device."""
    sent, allowance = messages.send(actor, body)
    return Reply(body=sent, status=200, headers=ratelimit.headers(messages.policy(), allowance))


@routes.get("/keys/messages")
def list_device_messages(actor: Actor, query: DeviceMessageQuery) -> DeviceMessages:
    """The encrypted messages that wait for this session's device."""
    return messages.waiting(actor, query)


@routes.post("/keys/messages/received")
def receive_device_messages(actor: Actor, body: ReceivedInput) -> Received:
    """Say that this session's device has received its messages up to one, which are forgotten; again is as once."""
    return messages.receive(actor, body.up_to)
