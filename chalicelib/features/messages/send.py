"""Sending: one call of the database checks, numbers and stores a message, and says who must hear of it."""

from typing import Literal

import msgspec

from chalicelib.core import context, db
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import InvalidInput
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.core.verdicts import LimitedOutcome, settled_within
from chalicelib.features.messages import files, indexing, kinds, receipts
from chalicelib.features.messages.schemas import SendInput
from chalicelib.features.messages.text import clean
from chalicelib.realtime import events, trail
from chalicelib.realtime.attachments import Attachment
from chalicelib.realtime.event_data import MessagesRead
from chalicelib.realtime.publish import publish_updated, publish_with
from chalicelib.realtime.shapes import Message, Quote, for_oneself, read_users
from chalicelib.realtime.vocabularies import Aside, read_unread

Channel = Literal["http", "socket"]


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A stored message, whether it was stored just now, and what is left of the sender's allowance."""

    message: Message
    created: bool
    allowance: Allowance


class _Outcome(LimitedOutcome, frozen=True, kw_only=True):
    # What a repeated send had stored; of a new one there is what follows.
    message: str | None
    id: int | None
    seq: int | None
    created_at: str | None
    expires_at: str | None
    attachments: str | None
    recipients: list[int]
    leaves_unread: bool
    users: str | None
    quote: str | None
    kept_details: str | None
    thread_id: int | None
    head: str | None
    read_at: str | None
    readers: list[int] | None
    unread: str | None


# All of it happens in the function: migrations/functions/store_message.sql. It also checks the sender's session.
_SEND = """
SELECT s.*, CASE WHEN %(counts)s AND s.seq IS NOT NULL THEN unread_by_member(%(chat_id)s, 0) END AS unread
FROM store_message(
    sender => %(user_id)s, session => %(session_id)s, chat => %(chat_id)s, client_id => %(client_message_id)s,
    kind => %(message_type)s, body => %(content)s, reply => %(reply_to)s, files => %(attachments)s,
    mentioned => %(mentions)s, subject => %(subject)s, burst => %(burst)s, unattended => %(unattended)s,
    details => %(details)s::jsonb, described => %(described)s::jsonb
) s
"""


def send(actor: Actor, message: SendInput, channel: Channel) -> Sent:
    """Stores a message, once, and tells every device of every member.

    Raises NotFound for who is not a member, Forbidden where only admins write, Blocked, RateLimited, UnknownReply,
    UnknownMention, UnknownUser, UnusableAttachment, ClientMessageIdReused, and InvalidInput for a message that says
    nothing or is of two kinds.
    """
    return _send(actor.user_id, message, limit=policy(channel), actor=actor)


def send_for(user_id: int, message: SendInput, *, unattended: bool) -> Sent:
    """The same for a user in whose name the service acts, without a limit; `unattended` where they need not be there.

    Then what they have not read stays unread. Raises what `send` does but for RateLimited.
    """
    return _send(user_id, message, unattended=unattended)


def checked(message: SendInput) -> SendInput:
    """The message without HTML. Raises InvalidInput where that leaves nothing, or a file is named twice."""
    message = kinds.checked(msgspec.structs.replace(message, content=clean(message.content)))
    if not message.attachments and not message.content.strip() and not kinds.speaks(message):
        raise InvalidInput.at("content", "missing", "is required where there is nothing else")
    if len(set(message.attachments)) != len(message.attachments):
        raise InvalidInput.at("attachments", "repeated", "must not name an attachment twice")
    return files.checked(message)


def _send(
    user_id: int,
    message: SendInput,
    *,
    limit: Policy | None = None,
    actor: Actor | None = None,
    unattended: bool = False,
) -> Sent:
    message = checked(message)
    message = msgspec.structs.replace(message, mentions=list(dict.fromkeys(message.mentions)))
    outcome = _store(user_id, message, limit=limit, actor=actor, unattended=unattended)
    stored = _stored(user_id, message, outcome)
    created = outcome.verdict == "allowed"
    trail.accepted(stored, created=created)
    event = events.message_new(stored, unattended=outcome.leaves_unread)
    aside = Aside(unread=read_unread(outcome.unread))
    publish_with(aside, event, to=outcome.recipients, group=f"chat:{stored.chat_id}", acked=True)
    if outcome.readers is not None:
        _tell_read(stored, user_id, outcome)
    if outcome.head is not None:
        publish_updated(outcome.head, to=outcome.recipients)
    if created:
        context.current().after_commit(indexing.soon)
    return Sent(message=for_oneself(stored, user_id), created=created, allowance=outcome)


def _tell_read(message: Message, sender_id: int, outcome: _Outcome) -> None:
    """Tells that the sender has read what was before the message, as marking it as read does."""
    read = MessagesRead(
        chat_id=message.chat_id, user_id=sender_id, seq=message.seq, message_id=message.id, read_at=outcome.read_at
    )
    is_large = len(outcome.recipients) > receipts.MOST_TOLD
    sender = [user for user in message.users or () if user.id == sender_id]
    told = [sender_id] if is_large else outcome.readers or []
    receipts.tell_read(read, sender, to=told, aside=Aside(unread={sender_id: 0}))


def policy(channel: Channel) -> Policy:
    """How much a user may send."""
    quota = settings().sends_http if channel == "http" else settings().sends_socket
    return Policy(name=f"send-{channel}", quota=quota)


def _store(
    user_id: int, message: SendInput, *, limit: Policy | None, actor: Actor | None, unattended: bool
) -> _Outcome:
    import psycopg

    values = {
        **msgspec.structs.asdict(message),
        "user_id": user_id,
        "session_id": actor.session_id if actor else None,
        "subject": f"{limit.name}:{user_id}" if limit else "",
        "unattended": unattended,
        "details": kinds.details_of(message),
        "described": files.described(message),
        "counts": context.wants("unread"),
    }

    def attempt(burst: int | None) -> _Outcome | None:
        try:
            return db.the(_Outcome, _SEND, {**values, "burst": burst})
        except psycopg.errors.UniqueViolation:
            return None  # the same clientMessageId was stored at this moment, and is there for the next try to see

    return settled_within(limit, attempt)


def _stored(user_id: int, message: SendInput, outcome: _Outcome) -> Message:
    """The message as the database has it now."""
    if outcome.message is not None:
        return msgspec.json.decode(outcome.message, type=Message)
    if outcome.id is None or outcome.seq is None or outcome.created_at is None:
        raise LookupError("an allowed send answered no message")
    attached = msgspec.json.decode(outcome.attachments or "[]", type=list[Attachment])
    return Message(
        id=outcome.id,
        chat_id=message.chat_id,
        seq=outcome.seq,
        sender_id=user_id,
        client_message_id=message.client_message_id,
        message_type=kinds.kind_of(message.message_type, attached),
        content=message.content,
        attachments=attached,
        reply_to=message.reply_to,
        quote=msgspec.json.decode(outcome.quote, type=Quote) if outcome.quote else None,
        system=None,
        forwarded_from=None,
        mentions=message.mentions,
        reactions={},
        status="sent",
        **kinds.read_details(outcome.kept_details),
        thread_id=outcome.thread_id,
        thread=None,
        is_edited=False,
        is_deleted=False,
        pinned_at=None,
        expires_at=outcome.expires_at,
        created_at=outcome.created_at,
        updated_at=outcome.created_at,
        users=read_users(outcome.users),
    )
