"""Profiles, contacts and blocks in PostgreSQL."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import UsernameTaken
from chalicelib.core.ratelimit import Allowance, Policy
from chalicelib.features.people.schemas import NewContact, ProfileChange
from chalicelib.features.people.telling import ProfileNews
from chalicelib.features.uploads import avatars
from chalicelib.realtime.event_data import UserUpdated
from chalicelib.realtime.people import Contact, User


class _Profile(msgspec.Struct, frozen=True):
    profile: str


class _Changed(_Profile, frozen=True):
    own: str
    hearers: list[int] | None
    apart: list[int] | None
    is_news: bool
    version: str


class _Contact(msgspec.Struct, frozen=True):
    user_id: int
    name: str | None
    profile: str


class _Renamed(_Contact, frozen=True):
    version: str


class _Added(msgspec.Struct, frozen=True):
    blocked: bool
    created: bool | None
    may_see: bool
    user_id: int
    name: str | None
    profile: str
    version: str | None


class _Found(Allowance, frozen=True, kw_only=True):
    profile: str | None
    after_name: str | None
    after_id: int | None


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """What came of adding a contact: none where a block forbade it; whether by that they `may_see` the actor now."""

    contact: Contact | None
    created: bool
    may_see: bool
    version: str | None


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A contact was removed; `shown`: until now they heard when the actor was there."""

    shown: bool
    version: str


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was found, and the key after which the search goes on."""

    user: User
    after_name: str
    after_id: int


_USER: LiteralString = """
SELECT user_json(u, %(viewer)s)::text AS profile FROM users u WHERE id = %(user_id)s
"""


def user(actor: Actor, user_id: int) -> User | None:
    """One person as the actor sees them."""
    row = db.one(_Profile, _USER, {"viewer": actor.user_id, "user_id": user_id}, actor=actor)
    return None if row is None else _user(row.profile)


_USERS: LiteralString = """
SELECT user_json(u, %(viewer)s)::text AS profile FROM users u WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
"""


def users(actor: Actor, *, after: int, limit: int) -> list[User]:
    """Everybody, in the order of registration."""
    rows = db.many(_Profile, _USERS, {"viewer": actor.user_id, "after": after, "limit": limit}, actor=actor)
    return [_user(row.profile) for row in rows]


_USERS_OF: LiteralString = """
SELECT user_json(u, %(viewer)s)::text AS profile FROM users u WHERE id = ANY (%(ids)s::bigint[]) ORDER BY id
"""


def users_of(actor: Actor, ids: list[int]) -> list[User]:
    """Those of these users who exist, by id."""
    rows = db.many(_Profile, _USERS_OF, {"viewer": actor.user_id, "ids": ids}, actor=actor)
    return [_user(row.profile) for row in rows]


# First those whose username begins so, by username; then those in whom it stands anywhere, by id. The second part
# runs only where the first has left room. `~<~` compares bytes, as the prefix index does under any collation, and
# U+10FFFF sorts behind all that a name can go on with. Fewer than three characters are found at the beginning of a
# word only, since the trigram index knows no shorter piece inside of one. Of several words the longest is looked up,
# and each of the others must begin a word too, in whatever order. Where nobody is found, nearly such names follow.
_SEARCH: LiteralString = r"""
WITH allowance AS MATERIALIZED (
    SELECT * FROM take_allowance('search:' || %(viewer)s::bigint, %(burst)s, make_interval(secs => %(window)s))
), found AS (
    (
        SELECT user_json(u, %(viewer)s)::text AS profile, folded(username) AS after_name, 0::bigint AS after_id
        FROM users u
        WHERE (SELECT allowed FROM allowance) AND %(after_id)s = 0
            AND folded(username) ~>=~ folded(%(q)s) AND folded(username) ~<~ (folded(%(q)s) || U&'\+10FFFF')
            AND folded(username) ~>~ %(after_name)s AND erased_at IS NULL
        ORDER BY folded(username) USING ~<~
        LIMIT %(limit)s
    ) UNION ALL (
        SELECT user_json(u, %(viewer)s)::text, '', id
        FROM users u
        WHERE (SELECT allowed FROM allowance) AND id > %(after_id)s AND erased_at IS NULL
            AND folded(searched) LIKE folded(%(pattern)s) AND NOT starts_with(folded(username), folded(%(q)s))
            -- Asked first, so that the planner does not reckon with a condition that is not there.
            AND (
                cardinality(%(others)s::text[]) = 0
                OR ' ' || folded(searched) LIKE ALL (array(SELECT folded(word) FROM unnest(%(others)s::text[]) word))
            )
        ORDER BY id
        LIMIT %(limit)s
    )
    LIMIT %(limit)s
), meant AS (
    SELECT user_json(u, %(viewer)s)::text AS profile, ''::text AS after_name, place AS after_id
    FROM people_like(%(words)s::text[], least(%(limit)s - 1, 20)) JOIN users u ON u.id = user_id
    WHERE (SELECT allowed FROM allowance) AND (%(after_id)s, %(after_name)s) = (0, '') AND NOT EXISTS (TABLE found)
)
SELECT allowed, remaining, retry_after, profile, after_name, after_id
FROM allowance LEFT JOIN (SELECT * FROM found UNION ALL SELECT * FROM meant) people ON true
ORDER BY after_id, after_name USING ~<~
"""


def search(
    actor: Actor, q: str, *, after_name: str, after_id: int, limit: int, policy: Policy
) -> tuple[Allowance, list[Match]]:
    """Who matches `q`, and what is left of the actor's searches."""
    longest, *others = sorted(q.split(), key=len, reverse=True)
    given = {
        "viewer": actor.user_id,
        "q": q,
        "pattern": f"%{db.pattern_of(longest)}%" if len(longest) >= 3 else f"% {db.pattern_of(longest)}%",
        "words": [longest, *others],
        "others": [f"% {db.pattern_of(word)}%" for word in others],
        "after_name": after_name,
        "after_id": after_id,
        "limit": limit,
        "burst": policy.burst,
        "window": policy.window,
    }
    # What is rare and what is common want different plans.
    rows = db.many(_Found, _SEARCH, given, actor=actor, plan_anew=True)
    matches = [
        Match(user=_user(row.profile), after_name=row.after_name or "", after_id=row.after_id or 0)
        for row in rows
        if row.profile is not None
    ]
    return rows[0], matches


_CHANGE: LiteralString = """
WITH before AS MATERIALIZED (
    SELECT u.id AS user_id, u AS profile FROM users u WHERE u.id = %(user_id)s FOR NO KEY UPDATE
),
changed AS (
    UPDATE users u SET
        username = coalesce(change ->> 'username', username),
        display_name = coalesce(change ->> 'displayName', display_name),
        first_name = coalesce(change ->> 'firstName', first_name),
        last_name = coalesce(change ->> 'lastName', last_name),
        status_text = coalesce(change ->> 'statusText', status_text),
        avatar_id = CASE WHEN %(chosen)s THEN picture_of(%(avatar_id)s, %(user_id)s) ELSE avatar_id END,
        avatar_link = CASE WHEN %(chosen)s AND avatar_id IS DISTINCT FROM %(avatar_id)s::bigint
            THEN %(avatar_link)s ELSE avatar_link END,
        email = CASE WHEN change ? 'email' THEN change ->> 'email' ELSE email END,
        updated_at = now()
    FROM before b, (SELECT %(change)s::jsonb AS change) AS asked
    WHERE id = b.user_id AND NOT EXISTS (
        SELECT FROM users o
        WHERE name_skeleton(o.username) = name_skeleton(change ->> 'username') AND o.id <> %(user_id)s
    )
    RETURNING u AS profile, u.id
)
SELECT user_json(c.profile, c.id)::text AS profile, profile_of(c.profile, c.id)::text AS own,
    told.hearers, told.apart,
    profile_of(c.profile, c.id) <> profile_of(b.profile, c.id) AS is_news,
    pg_current_xact_id_if_assigned()::text AS version
FROM changed c CROSS JOIN before b
LEFT JOIN LATERAL profile_audience(c.id) told ON profile_of(c.profile, NULL) <> profile_of(b.profile, NULL)
"""


def change(actor: Actor, asked: ProfileChange, avatar: avatars.Choice | None) -> tuple[User, ProfileNews | None]:
    """Writes what is asked of the actor's own profile; answers what of it is news, if anything.

    Raises UsernameTaken, also for a name that looks like another one, EmailTaken, and NotAPicture.
    """
    given = {"user_id": actor.user_id, "change": msgspec.json.encode(asked).decode()}
    row = db.one(_Changed, _CHANGE, given | avatars.values(avatar), actor=actor)
    if row is None:
        raise UsernameTaken()
    if not row.is_news:
        return _user(row.profile), None
    own = msgspec.json.decode(row.own, type=UserUpdated)
    news = ProfileNews(own=own, hearers=row.hearers or (), apart=row.apart or (), version=row.version)
    return _user(row.profile), news


_CONTACTS: LiteralString = """
SELECT user_id, name, user_json(u, owner_id)::text AS profile
FROM contacts JOIN users u ON u.id = user_id
WHERE owner_id = %(owner)s AND user_id > %(after)s
    AND (
        %(pattern)s::text IS NULL OR folded(name) LIKE folded(%(pattern)s)
        OR folded(searched) LIKE folded(%(pattern)s)
    )
ORDER BY user_id
LIMIT %(limit)s
"""


def contacts(actor: Actor, *, q: str | None, after: int, limit: int) -> list[Contact]:
    """The actor's contacts, by user id; with `q` those whose name holds it."""
    pattern = None if q is None else f"%{db.pattern_of(q)}%"
    given = {"owner": actor.user_id, "pattern": pattern, "after": after, "limit": limit}
    return [_contact(row) for row in db.many(_Contact, _CONTACTS, given, actor=actor)]


# Only a row that was there before has an xmax here. Who is shown to contacts alone is seen by a new one.
_ADD_CONTACT: LiteralString = """
WITH target AS (
    SELECT u.id, is_blocked(me.id, u.id) AS blocked, user_json(u, me.id)::text AS profile,
        me.shows_last_seen = 'contacts' AND u.id = ANY (presence_audience(me.id, 'everyone')) AS hears
    FROM users u, users me WHERE u.id = %(user_id)s AND me.id = %(owner)s
), added AS (
    INSERT INTO contacts AS kept (owner_id, user_id, name)
    SELECT %(owner)s, id, %(name)s FROM target WHERE NOT blocked
    ON CONFLICT (owner_id, user_id) DO UPDATE SET name = coalesce(excluded.name, kept.name)
    RETURNING name, xmax = 0 AS created
)
SELECT blocked, created, hears AND coalesce(created, false) AS may_see, id AS user_id, name, profile,
    pg_current_xact_id_if_assigned()::text AS version
FROM target LEFT JOIN added ON true
"""


def add_contact(actor: Actor, new: NewContact) -> Addition | None:
    """Adds somebody, or gives a contact the new name; None where there is no such user. Raises NotYourself."""
    given = {"owner": actor.user_id, "user_id": new.user_id, "name": new.name}
    row = db.one(_Added, _ADD_CONTACT, given, actor=actor)
    if row is None:
        return None
    contact = None if row.blocked else Contact(user_id=row.user_id, name=row.name, user=_user(row.profile))
    return Addition(contact=contact, created=bool(row.created), may_see=row.may_see, version=row.version)


_RENAME_CONTACT: LiteralString = """
UPDATE contacts SET name = %(name)s FROM users u
WHERE owner_id = %(owner)s AND user_id = %(user_id)s AND u.id = user_id
RETURNING user_id, name, user_json(u, owner_id)::text AS profile, pg_current_xact_id()::text AS version
"""


def rename_contact(actor: Actor, user_id: int, name: str | None) -> tuple[Contact, str] | None:
    """Gives a contact another name; answers the transaction too. None where the user is not among the contacts."""
    given = {"owner": actor.user_id, "user_id": user_id, "name": name}
    row = db.one(_Renamed, _RENAME_CONTACT, given, actor=actor)
    return None if row is None else (_contact(row), row.version)


_REMOVE_CONTACT: LiteralString = """
WITH removed AS (
    DELETE FROM contacts WHERE owner_id = %(owner)s AND user_id = %(user_id)s RETURNING user_id
)
SELECT me.shows_last_seen = 'contacts' AND r.user_id = ANY (presence_audience(me.id, 'everyone')) AS shown,
    pg_current_xact_id_if_assigned()::text AS version
FROM removed r JOIN users me ON me.id = %(owner)s
"""


def remove_contact(actor: Actor, user_id: int) -> Removal | None:
    """Forgets a contact; None where it was none."""
    return db.one(Removal, _REMOVE_CONTACT, {"owner": actor.user_id, "user_id": user_id}, actor=actor)


def _user(profile: str) -> User:
    return msgspec.json.decode(profile, type=User)


def _contact(row: _Contact) -> Contact:
    return Contact(user_id=row.user_id, name=row.name, user=_user(row.profile))
