"""The sessions that a user has, in PostgreSQL."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.ids import MAX_ID
from chalicelib.features.accounts.refresh import RefreshToken
from chalicelib.features.accounts.schemas import Session


class _Id(msgspec.Struct, frozen=True):
    id: int


_REQUIRE_SESSION: LiteralString = "SELECT require_session(%(user_id)s, %(session_id)s)"


def require_session(actor: Actor) -> None:
    """Raises SessionEnded where the actor's session is over."""
    db.execute(_REQUIRE_SESSION, {"user_id": actor.user_id, "session_id": actor.session_id})


_SESSIONS: LiteralString = """
SELECT id, id = %(session_id)s AS current, user_agent, address, wire_time(created_at) AS created_at,
    wire_time(rotated_at) AS refreshed_at, wire_time(expires_at) AS expires_at
FROM sessions
WHERE user_id = %(user_id)s AND ended_at IS NULL AND expires_at > now() AND id < %(before)s
ORDER BY id DESC
LIMIT %(limit)s
"""


def sessions(actor: Actor, *, before: int | None, limit: int) -> list[Session]:
    """The actor's living sessions, the newest first."""
    given = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "before": before or MAX_ID,
        "limit": limit,
    }
    return db.many(Session, _SESSIONS, given, actor=actor)


_LOG_OUT: LiteralString = """
UPDATE sessions SET ended_at = now()
WHERE user_id = %(user_id)s AND ended_at IS NULL AND (id = %(session_id)s OR family_hash = %(family_hash)s)
RETURNING id
"""


def log_out(actor: Actor, token: RefreshToken | None) -> list[int]:
    """Ends the actor's session, and that of a refresh token of theirs; answers the ids of what ended."""
    given = {
        "user_id": actor.user_id,
        "session_id": actor.session_id,
        "family_hash": token and token.family_hash,
    }
    return [row.id for row in db.many(_Id, _LOG_OUT, given, actor=actor)]


_LOG_OUT_ALL: LiteralString = """
UPDATE sessions SET ended_at = now() WHERE user_id = %(user_id)s AND ended_at IS NULL RETURNING id
"""


def log_out_all(actor: Actor) -> list[int]:
    """Ends all of the actor's sessions; answers the ids of what ended."""
    return [row.id for row in db.many(_Id, _LOG_OUT_ALL, {"user_id": actor.user_id}, actor=actor)]


_END_SESSION: LiteralString = """
UPDATE sessions SET ended_at = coalesce(ended_at, now())
WHERE id = %(session_id)s AND user_id = %(user_id)s
RETURNING id
"""


def end_session(actor: Actor, session_id: int) -> bool:
    """Ends one of the actor's sessions; again is as once. Answers whether there is such a one."""
    given = {"session_id": session_id, "user_id": actor.user_id}
    return db.one(_Id, _END_SESSION, given, actor=actor) is not None
