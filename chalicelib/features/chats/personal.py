"""What a member makes of a chat for themselves: muted, pinned, archived, marked as unread, what it notifies of.

Only their own devices hear of it.
"""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound
from chalicelib.features.chats.schemas import MuteInput, check_future
from chalicelib.realtime import events
from chalicelib.realtime.publish import publish
from chalicelib.realtime.shapes import Chat, ChatPersonal, NotifyOf

LONGEST_MUTE = timedelta(days=3660)

Verb = Literal["mute", "unmute", "pin", "unpin", "archive", "unarchive", "mark_unread", "mark_seen", "notify"]


class _Row(msgspec.Struct, frozen=True):
    personal: str
    moved: bool


# What is so already is not written again: the other devices would be told that something had changed.
_SET = """
WITH mine AS MATERIALIZED (
    SELECT m AS member, c AS chat,
        CASE %(verb)s WHEN 'mute' THEN coalesce(%(until)s::timestamptz, 'infinity') WHEN 'unmute' THEN NULL
            ELSE m.muted_until END AS muted_until,
        CASE %(verb)s WHEN 'pin' THEN coalesce(m.pinned_at, now()) WHEN 'unpin' THEN NULL
            ELSE m.pinned_at END AS pinned_at,
        CASE %(verb)s WHEN 'archive' THEN coalesce(m.archived_at, now()) WHEN 'unarchive' THEN NULL
            ELSE m.archived_at END AS archived_at,
        CASE %(verb)s WHEN 'mark_unread' THEN true WHEN 'mark_seen' THEN false
            ELSE m.marked_unread END AS marked_unread,
        CASE %(verb)s WHEN 'notify' THEN %(notify_of)s ELSE m.notify_of END AS notify_of
    FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
),
moved AS (
    UPDATE members m SET muted_until = mine.muted_until, pinned_at = mine.pinned_at, archived_at = mine.archived_at,
        marked_unread = mine.marked_unread, notify_of = mine.notify_of
    FROM mine
    WHERE m.chat_id = %(chat_id)s AND m.user_id = %(user_id)s
        AND (m.muted_until, m.pinned_at, m.archived_at, m.marked_unread, m.notify_of)
            IS DISTINCT FROM (mine.muted_until, mine.pinned_at, mine.archived_at, mine.marked_unread, mine.notify_of)
    RETURNING m.user_id, m AS member
)
SELECT (
    jsonb_build_object('chatId', %(chat_id)s::bigint) || personal_json(mine.chat, coalesce(moved.member, mine.member))
)::text AS personal, moved.user_id IS NOT NULL AS moved
FROM mine LEFT JOIN moved ON true
"""


def mute(actor: Actor, chat_id: int, wanted: MuteInput) -> ChatPersonal:
    """Mutes a chat, for ever where no time is given. Raises NotFound, and InvalidInput for a time that is over."""
    if wanted.until is not None:
        check_future("until", wanted.until, LONGEST_MUTE)
    return set_personal(actor, chat_id, "mute", until=wanted.until)


def set_personal(
    actor: Actor, chat_id: int, verb: Verb, *, until: datetime | None = None, notify_of: NotifyOf = "all"
) -> ChatPersonal:
    """Does one of these to a chat, for the actor alone; again is as once. Raises NotFound for who is no member."""
    values = {"user_id": actor.user_id, "chat_id": chat_id, "verb": verb, "until": until, "notify_of": notify_of}
    row = db.one(_Row, _SET, values, actor=actor)
    if row is None:
        raise NotFound("There is no such chat.")
    personal = msgspec.json.decode(row.personal, type=ChatPersonal)
    if row.moved:
        tell_devices(actor, personal)
    return personal


def tell_devices(actor: Actor, personal: ChatPersonal | Chat) -> None:
    """Tells the actor's own devices what they made of a chat."""
    if isinstance(personal, Chat):
        personal = ChatPersonal(
            chat_id=personal.id,
            muted=personal.muted,
            muted_until=personal.muted_until,
            pinned=personal.pinned,
            archived=personal.archived,
            marked_unread=personal.marked_unread,
            hidden=personal.hidden,
            notify_of=personal.notify_of,
            is_request=personal.is_request,
        )
    publish(events.chat_personal(personal), to=[actor.user_id], group=f"user:{actor.user_id}")
