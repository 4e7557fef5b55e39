"""What comes from queues. Records succeed and fail one by one, so that one bad record costs the others nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.core import clock, context
from chalicelib.core.logs import logger
from chalicelib.features.uploads.derived import Made
from chalicelib.features.uploads.verdicts import GuardDutyScan, Verdict
from chalicelib.realtime import shedding, trail
from chalicelib.realtime.absent import Absent, CallNotice, Gone
from chalicelib.realtime.connections import Connection, Pending
from chalicelib.realtime.fanout import Push
from chalicelib.realtime.hooks import Hooked, Tried
from chalicelib.realtime.publish import deliver, shed


class Check(msgspec.Struct, frozen=True, rename="camel"):
    """What is to be looked at after a delay: a user's presence, or whether somebody has logged in on a connection.

    Where there are `hearers`, they were not told of the user's presence `since` then, under load, and this waited
    `seconds`; or what they may see of it has changed. At once is looked at a new connection whose user is `entering`
    the common room, and a client of Socket.IO 2 whose conversation was just `opened`.

    Where it has a `call_id`, somebody in that call has rung long enough, or was without a socket for too long.

    Where it says `index`, messages are to be indexed for search. `made` of a picture is to be recorded. A file was
    `scanned`, or was by GuardDuty, whose event tells it as `detail`.

    Of new messages the `absent` did not hear by a socket: their devices may be notified. So may those of whom `calls`
    name: a call rings for them, or no longer does. A push service no longer knows the `gone_device`. An event is
    `hooked` by webhooks; one of them was `tried`.

    Sessions of the user `keys_of` have ended: their devices' keys are gone.

    `request_id` is of the request that asked for it.
    """

    request_id: str | None = None
    user_id: int | None = None
    hearers: list[int] = []
    since: datetime = datetime.fromtimestamp(0, UTC)
    seconds: int = 0
    connection_id: str | None = None
    entering: Connection | None = None
    sync_cursor: str = ""
    opened: Pending | None = None
    call_id: int | None = None
    index: bool = False
    made: Made | None = None
    scanned: Verdict | None = None
    absent: list[Absent] = []
    calls: list[CallNotice] = []
    gone_device: Gone | None = None
    keys_of: int | None = None
    hooked: Hooked | None = None
    tried: Tried | None = None
    detail: GuardDutyScan | None = None


def push(event: dict[str, Any]) -> dict[str, Any]:
    """The pusher: a batch of pushes goes out at once, but for what is shed. Where that fails, all of them come again,
    in order.
    """
    records = event["Records"]
    pushes = []
    waits = []
    with context.begin(records[0]["messageId"]) as current:
        current.note("push", records=len(records))
        for record in records:
            try:
                push = msgspec.json.decode(record["body"], type=Push)
                told = trail.outline(push.event)
            except msgspec.DecodeError:
                # It will never be readable: dropped, so that it does not hold up its chat.
                logger().error("unreadable push", extra={"message_id": record["messageId"]})
                continue
            if len(records) == 1:
                current.adopt(told.request_id)
            waited = _waited(record)
            if shedding.sheds(told.type, waited):
                shed(push, waited)
                continue
            pushes.append(push)
            waits.append(waited)
        deliver(pushes, waits)
    return {"batchItemFailures": []}


def presence_changed(event: dict[str, Any]) -> dict[str, Any]:
    """Looks at what each record of a batch names."""
    return _each(event, _look)


def mail(event: dict[str, Any]) -> dict[str, Any]:
    """Sends each letter of a batch."""
    from chalicelib.core.mail import deliver

    return _each(event, deliver)


def notify(event: dict[str, Any]) -> dict[str, Any]:
    """Sends each notification of a batch, and posts what is for webhooks."""
    from chalicelib.features.notifications import sending as notifications
    from chalicelib.features.webhooks import sending as webhooks

    posts = [record for record in event["Records"] if webhooks.is_post(record["body"])]
    others = [record for record in event["Records"] if not webhooks.is_post(record["body"])]
    failures = webhooks.send(posts) + notifications.send(others)
    return {"batchItemFailures": [{"itemIdentifier": failed} for failed in failures]}


def assistant(event: dict[str, Any]) -> dict[str, Any]:
    """Puts each question of a batch to the assistant's model."""
    from chalicelib.features.assistant.answering import answer

    return _each(event, answer)


def _look(body: str) -> None:
    # Here, since the pusher, which shares this module, has no use for them.
    from chalicelib.entry import connecting, socketio
    from chalicelib.features.calls import tending as calls
    from chalicelib.features.chats import common_room
    from chalicelib.features.messages import indexing
    from chalicelib.features.presence import service as presence
    from chalicelib.features.uploads import media

    check = msgspec.json.decode(body, type=Check)
    context.current().adopt(check.request_id)
    if check.user_id is not None and check.hearers:
        presence.tell_again(check.user_id, check.hearers, since=check.since, waited=check.seconds)
    elif check.user_id is not None:
        calls.tend(presence.settle(check.user_id))
    calls.tend(check.call_id)
    if check.connection_id is not None:
        socketio.check_login(check.connection_id)
    if check.entering is not None:
        common_room.let_in(check.entering, sync_cursor=check.sync_cursor)
    if check.opened is not None:
        connecting.log_in_opened(check.opened)
    if check.index:
        indexing.sweep()
    if check.made is not None:
        media.record(check.made)
    _tell_keys(check.keys_of)
    if check.absent or check.calls or check.gone_device is not None:
        _tend_devices(check)
    _tend_webhooks(check)
    verdict = check.scanned if check.detail is None else check.detail.verdict
    if verdict is not None:
        # Most services have no scanner: their containers need not load what hears it.
        from chalicelib.features.uploads import scanning

        scanning.judge(verdict)


def _tell_keys(user_id: int | None) -> None:
    if user_id is not None:
        from chalicelib.features.encryption import publishing

        publishing.tell_ended(user_id)


def _tend_devices(check: Check) -> None:
    from chalicelib.features.notifications import deciding, devices, ringing

    for absent in check.absent:
        deciding.notify(absent)
    for notice in check.calls:
        ringing.notify(notice)
    if check.gone_device is not None:
        devices.forget(check.gone_device)


def _tend_webhooks(check: Check) -> None:
    if check.hooked is None and check.tried is None:
        return
    from chalicelib.features.webhooks import telling

    if check.hooked is not None:
        telling.tell(check.hooked)
    if check.tried is not None:
        telling.note(check.tried)


def _waited(record: dict[str, Any]) -> float:
    """The seconds since a record was sent to its queue; tries that failed are in it."""
    sent = int(record.get("attributes", {}).get("SentTimestamp", 0)) / 1000
    return max(0.0, clock.now() - sent) if sent else 0.0


def _each(event: dict[str, Any], handle: Callable[[str], None]) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        trace = record.get("attributes", {}).get("AWSTraceHeader")
        with context.begin(record["messageId"], trace=trace) as current:
            try:
                handle(record["body"])
                current.committed()
            except Exception:  # the queue brings it again, and in the end to the dead letters
                logger().exception("queue record failed", extra={"message_id": record["messageId"]})
                failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
