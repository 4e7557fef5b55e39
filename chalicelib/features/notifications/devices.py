"""The devices of users: registered for a session, and forgotten with it."""

from typing import LiteralString
from urllib.parse import urlsplit

import msgspec

from chalicelib.core import db, outside
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput, NotFound, NotificationsOff
from chalicelib.features.notifications.schemas import Device, DeviceInput, DeviceList, Platform, PushKey
from chalicelib.realtime.absent import Gone, note_devices

# Of one user; the oldest make room for a new one.
MOST = 20


class _Row(msgspec.Struct, frozen=True):
    id: int
    platform: Platform
    token: str
    current: bool
    created_at: str


class _Id(msgspec.Struct, frozen=True):
    id: int


# What counts is the session's check in front of it.
_ALIVE: LiteralString = "SELECT true AS alive"

_REGISTER: LiteralString = """
SELECT d.id, d.platform, d.token, true AS current, wire_time(d.created_at) AS created_at
FROM register_device(
    %(user_id)s, %(session_id)s, %(platform)s, %(token)s, %(p256dh)s, %(auth)s, %(most)s
) d
"""

_DEVICES: LiteralString = """
SELECT d.id, d.platform, d.token, d.session_id = %(session_id)s AS current, wire_time(d.created_at) AS created_at
FROM devices_of(%(user_id)s) d ORDER BY d.id DESC
"""

_DELETE: LiteralString = "DELETE FROM push_devices WHERE id = %(device_id)s AND user_id = %(user_id)s RETURNING id"

_FORGET: LiteralString = "DELETE FROM push_devices WHERE id = %(device_id)s AND token = %(token)s"


def key(actor: Actor) -> PushKey:
    """By what a browser knows who may send to it. Raises SessionEnded and NotificationsOff."""
    db.execute(_ALIVE, {}, actor=actor)
    _check_is_on()
    return PushKey(application_server_key=settings().vapid_public_key)


def register(actor: Actor, given: DeviceInput) -> Device:
    """Registers the device of the actor's session, in place of the one before. A token is the newest session's.

    Raises NotificationsOff, and InvalidInput for an endpoint that no public push service has.
    """
    _check_is_on()
    subscription = given.subscription
    try:
        outside.checked(subscription.endpoint)
    except outside.RefusedAddressError as error:
        raise InvalidInput.at(
            "subscription.endpoint", "refused", "must be a URL of a public push service, by https"
        ) from error
    # First: a note that leads to no device is taken away by whoever looks, and a device without one hears nothing.
    note_devices(actor.user_id)
    values = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "platform": given.platform,
        "token": subscription.endpoint,
        "p256dh": subscription.keys.p256dh.rstrip("="),
        "auth": subscription.keys.auth.rstrip("="),
        "most": MOST,
    }
    return _device(db.the(_Row, _REGISTER, values, actor=actor))


def devices(actor: Actor) -> DeviceList:
    """The actor's devices that are notified."""
    rows = db.many(_Row, _DEVICES, {"user_id": actor.user_id, "session_id": actor.session_id}, actor=actor)
    return DeviceList(devices=[_device(row) for row in rows])


def delete(actor: Actor, device_id: int) -> None:
    """Forgets a device of the actor's. Raises NotFound."""
    if db.one(_Id, _DELETE, {"user_id": actor.user_id, "device_id": device_id}, actor=actor) is None:
        raise NotFound("There is no such device.")


def forget(gone: Gone) -> None:
    """Forgets a device whose push service no longer knows it, unless it was registered anew since then."""
    db.execute(_FORGET, msgspec.structs.asdict(gone))


def _check_is_on() -> None:
    if not settings().push_contact or not settings().vapid_public_key:
        raise NotificationsOff()


def _device(row: _Row) -> Device:
    return Device(
        id=row.id,
        platform=row.platform,
        service=urlsplit(row.token).netloc,
        current=row.current,
        created_at=row.created_at,
    )
