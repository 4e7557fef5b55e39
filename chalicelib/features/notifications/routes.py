"""Devices and what one chooses about notifications, over HTTP."""

from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound, NotificationsOff
from chalicelib.core.http import Routes
from chalicelib.core.ids import Id
from chalicelib.features.notifications import choices, devices
from chalicelib.features.notifications.schemas import (
    Device,
    DeviceInput,
    DeviceList,
    NotificationChange,
    NotificationChoices,
    PushKey,
)

routes = Routes("notifications")


@routes.get("/devices/key", refuses=(NotificationsOff,))
def get_push_key(actor: Actor) -> PushKey:
    """The key with which a browser subscribes to notifications."""
    return devices.key(actor)


@routes.post("/devices", refuses=(NotificationsOff,))
def register_device(actor: Actor, body: DeviceInput) -> Device:
    """Have this session's device notified while I have no socket; again is as once."""
    return devices.register(actor, body)


@routes.get("/devices")
def list_devices(actor: Actor) -> DeviceList:
    """My devices that are notified."""
    return devices.devices(actor)


@routes.delete("/devices/{device_id}", refuses=(NotFound,))
def delete_device(actor: Actor, device_id: Id) -> None:
    """Have a device of mine notified no more."""
    devices.delete(actor, device_id)


@routes.get("/users/me/notifications")
def get_notification_choices(actor: Actor) -> NotificationChoices:
    """What I have chosen about notifications."""
    return choices.choices(actor)


@routes.patch("/users/me/notifications")
def change_notification_choices(actor: Actor, body: NotificationChange) -> NotificationChoices:
    """Choose previews and quiet hours of notifications."""
    return choices.change(actor, body)
