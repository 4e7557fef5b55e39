"""Leaving of a profile only that its user is deleted."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.features.people.telling import ProfileNews, tell_profile
from chalicelib.realtime import events
from chalicelib.realtime.event_data import UserUpdated
from chalicelib.realtime.publish import publish


class _Erased(msgspec.Struct, frozen=True, kw_only=True):
    own: str
    hearers: list[int] | None
    apart: list[int] | None
    chat_ids: list[int]
    peer_ids: list[int]
    version: str


# Nobody can choose such a username: a colon is in none.
_ERASE: LiteralString = """
WITH erased AS (
    UPDATE users u SET username = 'deleted:' || u.id, email = NULL, email_verified_at = NULL,
        password_hash = %(password_hash)s, password_changed_at = clock_timestamp(), first_name = '', last_name = '',
        display_name = 'Deleted user', avatar_id = NULL, avatar_link = NULL, status = 'invisible', status_text = '',
        is_online = false, last_seen_at = NULL, shows_last_seen = 'nobody', role = 'user', delete_after = NULL,
        erased_at = now(), updated_at = now()
    WHERE u.id = %(user_id)s AND u.delete_after <= now()
    RETURNING u AS profile, u.id
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id)
    SELECT 'account_deleted', e.id, 'user', e.id FROM erased e
)
SELECT profile_of(e.profile, e.id)::text AS own, told.hearers, told.apart, closed.chat_ids, closed.peer_ids,
    pg_current_xact_id_if_assigned()::text AS version
FROM erased e CROSS JOIN profile_audience(e.id) told CROSS JOIN LATERAL close_private_chats(e.id) closed
"""


def erase(user_id: int, *, password_hash: str) -> None:
    """Erases a profile whose time has come, and tells those who know the user. The password is nobody's then."""
    erased = db.one(_Erased, _ERASE, {"user_id": user_id, "password_hash": password_hash})
    if erased is not None:
        own = msgspec.json.decode(erased.own, type=UserUpdated)
        hearers, apart = erased.hearers or (), erased.apart or ()
        tell_profile(ProfileNews(own=own, hearers=hearers, apart=apart, version=erased.version))
        for chat_id, peer_id in zip(erased.chat_ids, erased.peer_ids, strict=True):
            publish(events.chat_sending(chat_id, "deleted_user"), to=[peer_id], group=f"chat:{chat_id}")
