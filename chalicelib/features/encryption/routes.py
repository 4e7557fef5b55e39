"""Keys of devices, over HTTP."""

from chalicelib.core import ratelimit
from chalicelib.core.context import Actor
from chalicelib.core.errors import Blocked, KeysFixed, NotFound, RateLimited, TooManyKeys
from chalicelib.core.http import Reply, Routes
from chalicelib.core.ids import Id
from chalicelib.features.encryption import directory, publishing
from chalicelib.features.encryption.schemas import (
    Claim,
    ClaimInput,
    KeyLog,
    KeyLogQuery,
    KeysInput,
    OwnKeys,
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
