"""What users choose about notifications: previews, and hours in which they are silent."""

from typing import Any, LiteralString

import msgspec
from msgspec import UNSET

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.features.notifications.schemas import NotificationChange, NotificationChoices, QuietHours


class _Row(msgspec.Struct, frozen=True):
    previews: bool
    quiet_from: int | None
    quiet_until: int | None
    time_zone: str
    is_known: bool


_CHOICES: LiteralString = """
SELECT coalesce(n.previews, true) AS previews, n.quiet_from, n.quiet_until,
    coalesce(n.time_zone, 'UTC') AS time_zone, true AS is_known
FROM (SELECT) asked LEFT JOIN notification_choices n ON n.user_id = %(user_id)s
"""

_CHANGE: LiteralString = """
WITH asked AS MATERIALIZED (
    SELECT %(zone)s::text IS NULL OR EXISTS (
        SELECT FROM pg_timezone_names z WHERE z.name = %(zone)s::text
    ) AS is_known
),
changed AS (
    INSERT INTO notification_choices AS n (user_id, previews, quiet_from, quiet_until, time_zone)
    SELECT %(user_id)s, coalesce(%(previews)s::boolean, true), %(start)s::smallint, %(end)s::smallint,
        coalesce(%(zone)s::text, 'UTC')
    FROM asked WHERE is_known
    ON CONFLICT (user_id) DO UPDATE SET
        previews = coalesce(%(previews)s::boolean, n.previews),
        quiet_from = CASE WHEN %(moves)s THEN excluded.quiet_from ELSE n.quiet_from END,
        quiet_until = CASE WHEN %(moves)s THEN excluded.quiet_until ELSE n.quiet_until END,
        time_zone = CASE WHEN %(moves)s THEN excluded.time_zone ELSE n.time_zone END
    RETURNING n.previews, n.quiet_from, n.quiet_until, n.time_zone
)
SELECT coalesce(c.previews, true) AS previews, c.quiet_from, c.quiet_until, coalesce(c.time_zone, 'UTC') AS time_zone,
    asked.is_known
FROM asked LEFT JOIN changed c ON true
"""


def choices(actor: Actor) -> NotificationChoices:
    """What the actor has chosen."""
    return _told(db.the(_Row, _CHOICES, {"user_id": actor.user_id}, actor=actor))


def change(actor: Actor, asked: NotificationChange) -> NotificationChoices:
    """Changes what is given. Raises InvalidInput for a time zone that there is not, or hours without a minute."""
    hours = asked.quiet_hours
    values: dict[str, Any] = {
        "user_id": actor.user_id,
        "previews": None if asked.previews is UNSET else asked.previews,
        "moves": hours is not UNSET,
        "start": None,
        "end": None,
        "zone": None,
    }
    if isinstance(hours, QuietHours):
        if hours.start == hours.end:
            raise InvalidInput.at("quietHours.end", "out_of_range", "must be another time than start")
        values |= {"start": _minutes(hours.start), "end": _minutes(hours.end), "zone": hours.time_zone}
    row = db.the(_Row, _CHANGE, values, actor=actor)
    if not row.is_known:
        raise InvalidInput.at(
            "quietHours.timeZone", "unknown", "must be the name of a time zone, such as Europe/Berlin"
        )
    return _told(row)


def _told(row: _Row) -> NotificationChoices:
    hours = None
    if row.quiet_from is not None and row.quiet_until is not None:
        hours = QuietHours(start=_clock(row.quiet_from), end=_clock(row.quiet_until), time_zone=row.time_zone)
    return NotificationChoices(previews=row.previews, quiet_hours=hours)


def _minutes(time: str) -> int:
    hours, _, minutes = time.partition(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
