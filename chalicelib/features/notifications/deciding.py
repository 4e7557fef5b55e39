"""Who of those that a message has not reached is notified of it, and how: decided where the data is.

What is to be sent goes to a queue: the function that sends it is outside the VPC, and has no way to the data.
"""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db
from chalicelib.features.notifications.payloads import MessageTold, Notification, Preview
from chalicelib.features.notifications.queueing import Device, addressed, enqueue
from chalicelib.realtime.absent import Absent, forget_devices


class _Message(Preview, frozen=True, kw_only=True, rename="camel"):
    message_id: int


class _Device(Device, frozen=True, kw_only=True, rename="camel"):
    unread: int
    mentioned: bool


class _Row(msgspec.Struct, frozen=True):
    message: str | None
    devices: str | None
    idle: list[int]


# All of it is decided in the function: migrations/functions/devices_to_notify.sql.
_DEVICES: LiteralString = "SELECT * FROM devices_to_notify(%(chat_id)s, %(seq)s, %(user_ids)s::bigint[])"


def notify(absent: Absent) -> None:
    """Has the devices of those who are absent notified, where they want it. Raises AwsError, for another try."""
    row = db.the(_Row, _DEVICES, msgspec.structs.asdict(absent))
    forget_devices(row.idle)
    if row.message is None or row.devices is None:
        return
    message = msgspec.json.decode(row.message, type=_Message)
    devices = msgspec.json.decode(row.devices, type=list[_Device])
    context.current().step("notified", {"chat_id": absent.chat_id, "seq": absent.seq, "devices": len(devices)})
    enqueue([_notification(absent, message, device) for device in devices])


def _notification(absent: Absent, message: _Message, device: _Device) -> Notification:
    preview = Preview(
        sender_id=message.sender_id,
        sender_name=message.sender_name,
        chat_name=message.chat_name,
        message_type=message.message_type,
        text=message.text,
    )
    told = MessageTold(
        chat_id=absent.chat_id,
        message_id=message.message_id,
        seq=absent.seq,
        tag=f"chat-{absent.chat_id}",
        unread=device.unread,
        badge=device.badge,
        mentioned=device.mentioned,
        silent=device.silent,
        preview=preview if device.previews else None,
    )
    return addressed(device, told, "low" if device.silent else "normal")
