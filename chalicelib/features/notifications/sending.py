"""Sends notifications from the queue, in a function outside the VPC that has no way to the data.

A batch is sent at once, since a push service may take seconds. What one does not take now is tried again later, after
pauses that double; a device that a push service no longer knows is forgotten.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, NamedTuple

import msgspec

from chalicelib.core import clock, context, outside, redelivery
from chalicelib.core.config import settings
from chalicelib.core.logs import logger
from chalicelib.features.notifications import webpush
from chalicelib.features.notifications.payloads import Notification
from chalicelib.realtime.absent import Gone
from chalicelib.realtime.publish import device_gone

Outcome = Literal["sent", "gone", "refused", "later", "expired"]
# A message that a browser has not fetched for a day is no news.
_LIFE_SECONDS = 24 * 60 * 60
_POST_SECONDS = 8.0
_FIRST_PAUSE = 30
_LONGEST_PAUSE = 15 * 60
# What is soon of no use is not put off for longer.
_URGENT_PAUSE = 5


class _Came(NamedTuple):
    """What came of a notification; `status` is 0 where nobody answered, `pause` what the push service asks for."""

    outcome: Outcome
    status: int = 0
    pause: int = 0


def send(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Sends a batch; answers the ids of the records that the queue is to bring again."""
    notifications = [msgspec.json.decode(record["body"], type=Notification) for record in records]
    with ThreadPoolExecutor(max_workers=len(records) or 1) as threads:
        came = list(threads.map(_sent, notifications))
    failed = []
    for record, notification, each in zip(records, notifications, came, strict=True):
        with context.begin(record["messageId"]) as current:
            current.adopt(notification.request_id)
            current.note("notification", outcome=each.outcome, status=each.status, device_id=notification.device_id)
            if each.outcome == "gone":
                device_gone(Gone(device_id=notification.device_id, token=notification.token))
            elif each.outcome == "later":
                _put_off(record, each.pause, notification)
                failed.append(str(record["messageId"]))
            elif each.outcome == "refused":
                logger().error("notification refused", extra={"status": each.status})
    return failed


def _sent(notification: Notification) -> _Came:
    here = settings()
    left = _LIFE_SECONDS if notification.until is None else notification.until - int(clock.now())
    if left <= 0:
        return _Came("expired")
    pair = webpush.Pair(here.vapid_private_key, here.vapid_public_key)
    try:
        body = webpush.encrypted(msgspec.json.encode(notification.told), notification.p256dh, notification.auth)
        headers = {
            "authorization": webpush.authorization(notification.token, pair, here.push_contact),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(left),
            "urgency": notification.urgency,
            "topic": notification.told.tag,
        }
        answer = outside.post(notification.token, headers, body, within=_POST_SECONDS)
    except (outside.RefusedAddressError, webpush.KeyRefusedError):
        # Neither will ever be taken: the device is of no use.
        return _Came("gone")
    except outside.NoAnswerError:
        return _Came("later")
    return _judged(answer)


def _judged(answer: outside.Answer) -> _Came:
    if answer.status in {404, 410}:
        return _Came("gone", answer.status)
    if answer.status == 429 or answer.status >= 500:
        asked = answer.headers.get("retry-after", "")
        return _Came("later", answer.status, int(asked) if asked.isascii() and asked.isdigit() else 0)
    return _Came("sent" if answer.status < 300 else "refused", answer.status)


def _put_off(record: Mapping[str, Any], asked: int, notification: Notification) -> None:
    """Hides a record for longer each time."""
    seconds = min(_LONGEST_PAUSE, max(asked, _FIRST_PAUSE * 2 ** min(redelivery.tries(record) - 1, 10)))
    if notification.urgency == "high":
        seconds = max(asked, _URGENT_PAUSE)
    redelivery.put_off(settings().notify_queue_url, record, seconds)
