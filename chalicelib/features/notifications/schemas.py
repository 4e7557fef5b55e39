"""What notifications take and answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from chalicelib.core.faults import TOLD
from chalicelib.core.ids import Id, Timestamp

Platform = Annotated[Literal["webpush"], Meta(title="DevicePlatform", description="how messages get to the device")]
Endpoint = Annotated[
    str,
    Meta(
        pattern=r"^https?://[!-~]{1,1900}(?!\s)$",
        description="where the browser's push service takes messages for it",
        extra={TOLD: "must be a URL as the browser's push service gives it"},
    ),
]
# 65 and 16 bytes, base64url.
PublicKey = Annotated[
    str,
    Meta(
        pattern=r"^B[A-Za-z0-9_-]{86}={0,1}(?!\s)$",
        description="the subscription's public key on the curve P-256, base64url",
        extra={TOLD: "must be a key as the browser gives it, in base64url"},
    ),
]
Secret = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_-]{22}={0,2}(?!\s)$",
        description="the subscription's secret, base64url",
        extra={TOLD: "must be a key as the browser gives it, in base64url"},
    ),
]
TimeOfDay = Annotated[
    str,
    Meta(
        pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?!\s)$",
        description="24 hours",
        extra={TOLD: "must be a time of the day, such as 22:30"},
    ),
]
TimeZone = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_+/-]{0,63}(?!\s)$",
        description="a name of the IANA time zone database",
        extra={TOLD: "must be the name of a time zone, such as Europe/Berlin"},
    ),
]


class BrowserKeys(msgspec.Struct, frozen=True, kw_only=True):
    """By what messages for a browser are encrypted."""

    p256dh: PublicKey
    auth: Secret


class BrowserSubscription(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `PushSubscription.toJSON()` gives in a browser."""

    endpoint: Endpoint
    keys: BrowserKeys


class DeviceInput(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The device of the session that asks, in place of the one that it had."""

    platform: Platform
    subscription: BrowserSubscription


class Device(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A device that is notified, for as long as the session lives that has registered it."""

    id: Id
    platform: Platform
    service: Annotated[str, Meta(description="the host of the push service")]
    current: Annotated[bool, Meta(description="whether it is of the session that asks")]
    created_at: Timestamp


class DeviceList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All one's devices, the newest first."""

    devices: list[Device]


class PushKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What `pushManager.subscribe()` takes."""

    application_server_key: Annotated[str, Meta(description="the service's public key, base64url")]


class QuietHours(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When notifications make no sound; it may go over midnight."""

    start: TimeOfDay
    end: TimeOfDay
    time_zone: TimeZone


class NotificationChoices(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What one has chosen about notifications."""

    previews: Annotated[bool, Meta(description="whether they tell who writes what")]
    quiet_hours: QuietHours | None


class NotificationChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to change; what is absent stays. No quiet hours are null."""

    previews: bool | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
