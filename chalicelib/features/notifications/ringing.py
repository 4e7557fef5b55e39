"""Which devices ring for a call, and are told when it no longer rings: decided where the data is."""

from datetime import datetime
from typing import LiteralString

import msgspec

from chalicelib.core import clock, context, db
from chalicelib.core.ids import Timestamp
from chalicelib.features.notifications.payloads import CallEndedTold, CallPreview, CallTold, Notification
from chalicelib.features.notifications.queueing import Device, addressed, enqueue
from chalicelib.realtime.absent import CallNotice, forget_devices
from chalicelib.realtime.calls import CallType

# Who was called while their device was off is to know for a day.
_MISSED_SECONDS = 24 * 60 * 60
# So long a device that was off may still ring, and must be told that it is over.
_OVER_SECONDS = 60


class _Call(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    chat_id: int
    call_type: CallType
    caller_id: int | None
    caller_name: str | None
    chat_name: str | None


class _Device(Device, frozen=True, kw_only=True, rename="camel"):
    ring_until: Timestamp


class _Row(msgspec.Struct, frozen=True):
    call: str | None
    devices: str | None
    idle: list[int]


# All of it is decided in the function: migrations/functions/devices_to_ring.sql.
_DEVICES: LiteralString = """
SELECT * FROM devices_to_ring(%(call_id)s, %(user_ids)s::bigint[], %(caller_id)s, %(reason)s)
"""


def notify(notice: CallNotice) -> None:
    """Has the devices of those whom a call concerns notified. Raises AwsError, for another try."""
    row = db.the(_Row, _DEVICES, msgspec.structs.asdict(notice))
    forget_devices(row.idle)
    if row.call is None or row.devices is None:
        return
    call = msgspec.json.decode(row.call, type=_Call)
    devices = msgspec.json.decode(row.devices, type=list[_Device])
    context.current().step("notified", {"call_id": notice.call_id, "devices": len(devices)})
    enqueue([_notification(notice, call, device) for device in devices])


def _notification(notice: CallNotice, call: _Call, device: _Device) -> Notification:
    preview = CallPreview(caller_id=call.caller_id, caller_name=call.caller_name, chat_name=call.chat_name)
    told, until = _told(notice, call, device, preview if device.previews else None)
    return addressed(device, told, "high", until)


def _told(
    notice: CallNotice, call: _Call, device: _Device, preview: CallPreview | None
) -> tuple[CallTold | CallEndedTold, int]:
    """What a device is told, and until when that is of use, in seconds."""
    tag = f"call-{notice.call_id}"
    if notice.reason is None:
        rings = CallTold(
            call_id=notice.call_id,
            chat_id=call.chat_id,
            call_type=call.call_type,
            tag=tag,
            badge=device.badge,
            ring_until=device.ring_until,
            silent=device.silent,
            preview=preview,
        )
        return rings, int(datetime.fromisoformat(device.ring_until).timestamp())
    over = CallEndedTold(
        call_id=notice.call_id,
        chat_id=call.chat_id,
        call_type=call.call_type,
        reason=notice.reason,
        tag=tag,
        badge=device.badge,
        silent=True,
        preview=preview,
    )
    return over, int(clock.now()) + (_MISSED_SECONDS if notice.reason == "missed" else _OVER_SECONDS)
