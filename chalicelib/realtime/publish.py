"""From "this happened, and these must hear it" to the sockets: at once where few must hear it, else by the queue.

What is published waits for the commit of what it tells. The queue also carries what could not be posted at once. A
push that overtakes another one of its chat so is put right by its `seq`. A push that cannot be handed over is logged
and dropped: the change itself is durable, and clients find it by history.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from chalicelib.core import clock, context, tokens
from chalicelib.core.aws import AwsError, queued, sqs
from chalicelib.core.config import settings
from chalicelib.core.errors import Unavailable
from chalicelib.core.logs import logger
from chalicelib.realtime import ended, events, fanout, packets, shedding, trail
from chalicelib.realtime.absent import Absent, CallNotice, Gone, Notice
from chalicelib.realtime.attachments import Attachment
from chalicelib.realtime.connections import Connection, Line, Pending
from chalicelib.realtime.event_data import UserPresence
from chalicelib.realtime.fanout import Push
from chalicelib.realtime.hooks import Hooked, Tried
from chalicelib.realtime.shapes import Envelope, Message
from chalicelib.realtime.vocabularies import Aside

# SQS holds back a message no longer.
LONGEST_DELAY = 15 * 60
# So long a request may wait for its posts: after it the queue carries them.
INLINE_SECONDS = 2.0
# So long a container whose posts all failed leaves posting to the queue.
QUEUE_HOLD_SECONDS = 10.0


class _Container:
    """What one has seen: until when nothing is posted from here."""

    queue_until = 0.0


class _OfStatus(msgspec.Struct, frozen=True):
    data: UserPresence


def publish(
    event: Envelope,
    *,
    to: Sequence[int],
    group: str,
    acked: bool = False,
    sessions: Sequence[int] = (),
    but: int | None = None,
) -> None:
    """Tells every device of these users, but for what is shed under load. Pushes of one group keep their order.

    What is `acked` the connection is not told whose ack says the same. Where `sessions` are given, their devices
    alone are told; the device of the session `but` is not.
    """
    _publish(event, Push(user_ids=list(to), sessions=list(sessions), but=but), group, acked=acked)


def publish_with(aside: Aside, event: Envelope, *, to: Sequence[int], group: str, acked: bool = False) -> None:
    """The same with what dialects tell besides."""
    _publish(event, Push(user_ids=list(to), aside=aside), group, acked=acked)


def publish_updated(message: str, *, to: Sequence[int]) -> None:
    """Tells every device of these users how a message is now: its JSON, as the database wrote it."""
    updated = msgspec.json.decode(message, type=Message)
    publish(events.message_updated(updated), to=to, group=f"chat:{updated.chat_id}")


def _publish(event: Envelope, push: Push, group: str, *, acked: bool) -> None:
    if not push.user_ids:
        return
    event, current = _correlated(event), context.current()
    push = msgspec.structs.replace(
        push,
        event=_encoded(event),
        links=_links(event, push.aside),
        trace=current.trace,
        told=current.answers if acked else "",
    )

    # What one piece of work tells goes out together: whoever hears all of it is looked up once.
    telling = current.asked_last
    if not isinstance(telling, _Telling):
        telling = _Telling()
        current.after_commit(telling)
    telling.told.append(_Told(push, event, group))


class _Told(NamedTuple):
    push: Push
    event: Envelope
    group: str


class _Telling:
    """Hands over what was published, once that is committed."""

    def __init__(self) -> None:
        self.told: list[_Told] = []

    def __call__(self) -> None:
        """Does it; under load some of it is shed."""
        due = []
        for each in self.told:
            if shedding.sheds(each.event.type):
                shed(each.push)
            else:
                due.append(each)
        _hand_over(due)


def deliver(pushes: Sequence[Push], waits: Sequence[float] = ()) -> None:
    """Posts pushes now; `waits` are the seconds that each was in the queue.

    Raises AwsError where the registry of connections does not answer.
    """
    delivered = fanout.deliver(pushes, waits)
    for pending in delivered.opened:
        _look_later(0, opened=pending)
    _notice_gone(delivered.gone)
    _notify(delivered.absent)
    _tell_webhooks(delivered.hooked)


def shed(push: Push, waited: float = 0.0) -> None:
    """Drops a push under load, after so many seconds in the queue.

    A status is told again when the load may be over: no later event would correct what its hearers then believe.
    """
    told = trail.outline(push.event)
    trail.shed(told, level=shedding.level(waited))
    if told.type == "user:status":
        about = msgspec.json.decode(bytes(push.event), type=_OfStatus).data.user_id
        tell_status_later(about, push.user_ids, since=told.ts, seconds=settings().presence_retell_seconds)


def tell_status_later(user_id: int, hearers: Sequence[int], *, since: datetime, seconds: int) -> None:
    """Has these told of a user's status after so many seconds, unless they have been since then."""
    _look_later(seconds, userId=user_id, hearers=hearers, since=since, seconds=seconds)


def tell_status_anew(user_id: int, hearers: Sequence[int]) -> None:
    """Has these told of a user's status as they may see it now, once what moved that is committed."""
    since, seconds = datetime.fromtimestamp(clock.now(), UTC), settings().presence_retell_seconds

    def tell() -> None:
        _look_later(0, userId=user_id, hearers=hearers, since=since, seconds=seconds)

    context.current().after_commit(tell)


def greet(connection: Connection, *, sync_cursor: str) -> None:
    """Sends hello to a connection that is being made. The queue carries it to a socket: `$connect` cannot post.

    A Socket.IO client is told before it that it is connected: what is answered to its packet would race with hello.
    """
    event = _correlated(
        events.hello(
            user_id=connection.user_id,
            session_id=connection.session_id,
            connection_id=connection.name,
            sync_cursor=sync_cursor,
        )
    )
    is_native = connection.format == "native"
    connected = "" if is_native else packets.connected(connection.name, connection.engine, connection.namespace)
    push = Push(event=_encoded(event), fresh=connection, packet=connected)
    _send(push, connection, f"{event.event_id}{connection.namespace}")


def let_in(connection: Connection, *, sync_cursor: str) -> None:
    """Has a new connection's user brought into the common room, and then greeted; for those who cannot do it here."""
    _look_later(0, entering=connection, syncCursor=sync_cursor)


def open_conversation(packet: str, pending: Pending) -> None:
    """Sends a socket the packet that opens its conversation; once it has arrived, some log in by it."""
    opens = pending if pending.logs_in_once_open else None
    _send(Push(packet=packet, lines=_bare([pending]), opening=True, opens=opens), pending, f"open:{pending.id}")


def send_packet(packet: str, line: Line, *, name: str, opening: bool = False) -> None:
    """Has a ready packet sent on a socket, which is still being made where it is `opening`.

    What one socket is sent keeps its order, its greeting included.
    """
    _send(Push(packet=packet, lines=_bare([line]), opening=opening), line, name)


def send_to_all(packet: str, lines: Sequence[Line], *, name: str) -> None:
    """Has the same ready packet sent on each of these sockets."""
    _enqueue(Push(packet=packet, lines=_bare(lines)), name, name)


def close(line: Line) -> None:
    """Has a socket closed."""
    _send(Push(lines=_bare([line]), closing=True), line, f"close:{line.id}")


def expect_login(connection_id: str) -> None:
    """Has a new connection looked at after the time that a client has to log in."""
    _look_later(settings().login_seconds, connectionId=connection_id)


def end_session(*, user_id: int, session_ids: Sequence[int]) -> None:
    """Tells the connections of ended sessions so, and closes them; new ones are refused from here on.

    Others may have to hear that the sessions' devices are gone.
    """

    def end() -> None:
        ended.end_sessions(session_ids)
        told = []
        for session_id in session_ids:
            event = _correlated(events.session_revoked(session_id))
            push = Push(event=_encoded(event), user_ids=[user_id], ends_session=session_id)
            told.append(_Told(push, event, f"user:{user_id}"))
        _hand_over(told)
        _look_later(0, keysOf=user_id)

    if session_ids:
        context.current().after_commit(end)


def presence_may_have_changed(user_id: int) -> bool:
    """Has a user's presence looked at after the debounce, so that a reconnect is not seen as a flap.

    False where the queue did not take it.
    """
    return _look_later(settings().presence_debounce_seconds, userId=user_id)


def index_later(seconds: int) -> bool:
    """Has messages that are not indexed yet indexed after so many seconds. False where the queue did not take it."""
    return _look_later(seconds, index=True)


def tend_call_later(seconds: int, call_id: int) -> None:
    """Has a call looked at after so many seconds, once what is done to it now is committed."""

    def ask() -> None:
        _look_later(seconds, callId=call_id)

    context.current().after_commit(ask)


def picture_made(made: object) -> None:
    """Has what was made of a picture recorded by a function with the database. Raises Unavailable."""
    if not _look_later(0, made=made):
        raise Unavailable()


def device_gone(gone: Gone) -> None:
    """Has a device forgotten by a function with the database."""
    _look_later(0, goneDevice=gone)


def try_webhook(hooked: Hooked) -> None:
    """Has a webhook tried out. Raises Unavailable."""
    if not _look_later(0, hooked=hooked):
        raise Unavailable()


def webhook_tried(tried: Tried) -> None:
    """Has it noted what a post came to, by a function with the database."""
    _look_later(0, tried=tried)


def _hand_over(told: Sequence[_Told]) -> None:
    """Posts what few must hear, and leaves to the queue what many must, and what could not be posted."""
    most = settings().inline_publish_limit if clock.now() >= _Container.queue_until else 0
    inline = [each for each in told if len(each.push.user_ids) <= most]
    left = [(each, each.push) for each in told if len(each.push.user_ids) > most]
    if inline:
        missed = _post([each.push for each in inline])
        left += [(inline[place], push) for place, push in missed.items()]
    for each, push in left:
        if shedding.sheds(each.event.type):  # the queue may have failed just now
            shed(push)
        elif _enqueue(push, each.event.event_id, each.group):
            trail.published(each.event, recipients=len(each.push.user_ids))


def _post(pushes: Sequence[Push]) -> dict[int, Push]:
    """Posts from here; answers by their places what is left to the queue."""
    try:
        gone, _, missed, answered, absent, hooked = fanout.deliver(pushes, within=INLINE_SECONDS, again=True)
    except AwsError as error:
        ids = [trail.outline(push.event).event_id for push in pushes]
        logger().warning("inline push failed", extra={"error": error.code, "event_ids": ids})
        gone, missed, answered, absent, hooked = [], dict(enumerate(pushes)), False, [], []
    if missed and not answered:
        _Container.queue_until = clock.now() + QUEUE_HOLD_SECONDS
    _notice_gone(gone)
    _notify(absent)
    _tell_webhooks(hooked)
    return missed


def _notify(notices: Sequence[Notice]) -> None:
    """Has a function with the database decide which devices are notified."""
    messages = [each for each in notices if isinstance(each, Absent)]
    calls = [each for each in notices if isinstance(each, CallNotice)]
    if messages:
        _look_later(0, absent=messages)
    if calls:
        _look_later(0, calls=calls)


def _tell_webhooks(hooked: Sequence[Hooked]) -> None:
    """Has a function with the database decide which webhooks are told."""
    for each in hooked:
        _look_later(0, hooked=each)


def _notice_gone(gone: Sequence[Connection]) -> None:
    for user_id in {connection.user_id for connection in gone}:
        presence_may_have_changed(user_id)


def _enqueue(push: Push, name: str, group: str) -> bool:
    """Whether the queue took it."""
    message: dict[str, object] = {
        "QueueUrl": settings().push_queue_url,
        "MessageBody": queued(push),
        "MessageGroupId": group,
        "MessageDeduplicationId": hashlib.sha256(f"{name}\n{push.user_ids}".encode()).hexdigest(),
    }
    return _quietly(message, name)


def _quietly(message: dict[str, object], name: str) -> bool:
    """Whether the queue took it."""
    trace = context.current().trace
    if trace:
        # The header that X-Ray and Lambda know: to pass it on is all that tracing needs, and imports nothing.
        message["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
    try:
        sqs("SendMessage", message)
    except AwsError as error:
        shedding.note_lost()
        trail.lost(name, error.code)
        return False
    return True


def _look_later(delay: int, /, **about: object) -> bool:
    message: dict[str, object] = {
        "QueueUrl": settings().presence_queue_url,
        "MessageBody": queued({**about, "requestId": context.current().request_id}),
        "DelaySeconds": delay,
    }
    return _quietly(message, f"look:{','.join(about)}")


def _correlated(event: Envelope) -> Envelope:
    """The event with the id of the request that it comes of."""
    return msgspec.structs.replace(event, request_id=context.current().request_id)


def _send(push: Push, line: Line, name: str) -> None:
    """Sends what concerns one connection alone, in its order. A mailbox is reached from everywhere, at once."""
    if line.polls:
        deliver([push])
    else:
        _enqueue(push, name, f"connection:{line.id}")


def _links(event: Envelope, aside: Aside) -> dict[str, str]:
    """What opens the files of a message in a dialect: the pusher has no key to sign it with."""
    if not settings().jwt_secret:
        return {}
    files: Sequence[Attachment] = getattr(event.data, "attachments", ())
    ids = [file.id for file in files] + [file["id"] for file in (aside.last_message or {}).get("attachments", ())]
    return {str(upload_id): tokens.issue_file(upload_id) for upload_id in ids}


def _bare(lines: Sequence[Line]) -> list[Line]:
    return [Line(id=line.id, endpoint=line.endpoint) for line in lines]


def _encoded(event: Envelope) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(event))
