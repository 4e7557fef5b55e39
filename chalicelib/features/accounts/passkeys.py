"""The passkeys that a user has: added by whoever knows the password, listed, renamed, removed.

Whoever has a session alone adds none: a passkey opens the account when the session is long over.
"""

from typing import LiteralString

import msgspec

from chalicelib.core import context, db, mail
from chalicelib.core.config import settings
from chalicelib.core.context import Actor
from chalicelib.core.errors import NotFound, PasskeyKnown, PasskeyRefused, TooManyPasskeys
from chalicelib.core.ids import Id, Timestamp
from chalicelib.core.problems import Problem
from chalicelib.features.accounts import ceremonies, confirming, letters, second_factor
from chalicelib.features.accounts.passkey_schemas import (
    AuthenticatorSelection,
    CreationOptions,
    KeyKind,
    KnownKey,
    NewPasskey,
    Passkey,
    PasskeyList,
    PasskeyUser,
    RelyingParty,
)

MOST = 20
# Of a credential's id, as WebAuthn has it.
_MOST_BYTES = 1023
_USER_BYTES = 8
_TRANSPORTS = ("ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb")
_REFUSALS: dict[str, type[Problem]] = {"too_many_passkeys": TooManyPasskeys, "passkey_known": PasskeyKnown}


class _Key(msgspec.Struct, frozen=True):
    id: str
    transports: list[str]


class _Begun(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    display_name: str
    known: str


class _Used(msgspec.Struct, frozen=True):
    hash: bytes


class _Added(msgspec.Struct, frozen=True, kw_only=True):
    verdict: str
    id: Id | None
    created_at: Timestamp | None
    email: str | None


class _Removed(msgspec.Struct, frozen=True):
    email: str | None


_BEGIN: LiteralString = """
WITH asked AS (
    INSERT INTO passkey_challenges (hash, user_id, expires_at)
    VALUES (%(hash)s, %(user_id)s, now() + make_interval(secs => %(lifetime)s))
)
SELECT username, display_name, (
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'id', translate(encode(p.credential_id, 'base64'), E'+/=\\n', '-_'), 'transports', p.transports
    )), '[]')::text FROM passkeys p WHERE p.user_id = users.id
) AS known
FROM users WHERE id = %(user_id)s
"""


def begin(actor: Actor, password: str, code: str | None) -> CreationOptions:
    """What an authenticator needs to make a passkey for the actor.

    Raises RateLimited, WrongPassword, SecondFactorNeeded, WrongCode.
    """
    confirming.password_confirmed(actor, password)
    second_factor.check_if_on(actor, code)
    challenge = ceremonies.new_challenge()
    given = {
        "user_id": actor.user_id,
        "hash": ceremonies.hashed(challenge),
        "lifetime": ceremonies.SECONDS,
    }
    begun = db.the(_Begun, _BEGIN, given, actor=actor)
    known = msgspec.json.decode(begun.known, type=list[_Key])
    return CreationOptions(
        rp=RelyingParty(id=ceremonies.host(), name=settings().service),
        user=PasskeyUser(
            id=ceremonies.written(actor.user_id.to_bytes(_USER_BYTES)),
            name=begun.username,
            display_name=begun.display_name,
        ),
        challenge=ceremonies.written(challenge),
        pub_key_cred_params=[KeyKind(type="public-key", alg=number) for number in ceremonies.ALGORITHMS],
        timeout=ceremonies.SECONDS * 1000,
        exclude_credentials=[KnownKey(type="public-key", id=key.id, transports=key.transports) for key in known],
        authenticator_selection=AuthenticatorSelection(),
        attestation="none",
    )


_USE: LiteralString = """
DELETE FROM passkey_challenges WHERE hash = %(hash)s AND user_id = %(user_id)s AND expires_at > now() RETURNING hash
"""
_ADD: LiteralString = """
WITH added AS MATERIALIZED (
    SELECT * FROM add_passkey(
        %(user_id)s, %(most)s::integer, %(credential_id)s, %(public_key)s, %(sign_count)s, %(is_synced)s,
        %(transports)s::text[], %(name)s
    )
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    SELECT 'passkey_added', %(user_id)s, 'user', %(user_id)s, jsonb_build_object('name', %(name)s::text),
        %(address)s, %(request_id)s
    FROM added WHERE verdict = 'allowed'
)
SELECT * FROM added
"""


def add(actor: Actor, new: NewPasskey) -> Passkey:
    """Keeps a passkey that was made for a challenge of the actor's.

    Raises PasskeyRefused, PasskeyKnown, TooManyPasskeys.
    """
    response = new.credential.response
    challenge = ceremonies.challenge_of(response.client_data)
    used = {"hash": ceremonies.hashed(challenge), "user_id": actor.user_id}
    if db.one(_Used, _USE, used, actor=actor) is None:
        raise PasskeyRefused()
    made = ceremonies.made(new.credential, challenge)
    if len(made.credential_id) > _MOST_BYTES:
        raise PasskeyRefused()
    given = {
        "user_id": actor.user_id,
        "most": MOST,
        "name": new.name,
        "transports": [way for way in _TRANSPORTS if way in response.transports],
        **msgspec.structs.asdict(made),
        **context.origin(),
    }
    added = db.the(_Added, _ADD, given, actor=actor)
    if added.verdict in _REFUSALS:
        raise _REFUSALS[added.verdict]()
    if added.id is None or added.created_at is None:
        raise LookupError("a passkey that was kept has no id")
    _tell("passkey_added", added.email)
    return Passkey(
        id=added.id, name=new.name, is_synced=made.is_synced, created_at=added.created_at, last_used_at=None
    )


_LIST: LiteralString = """
SELECT id, name, is_synced, wire_time(created_at) AS created_at, wire_time(used_at) AS last_used_at
FROM passkeys WHERE user_id = %(user_id)s ORDER BY id
"""


def listed(actor: Actor) -> PasskeyList:
    """All of the actor's passkeys."""
    return PasskeyList(passkeys=db.many(Passkey, _LIST, {"user_id": actor.user_id}, actor=actor))


_RENAME: LiteralString = """
UPDATE passkeys SET name = %(name)s WHERE id = %(passkey_id)s AND user_id = %(user_id)s
RETURNING id, name, is_synced, wire_time(created_at) AS created_at, wire_time(used_at) AS last_used_at
"""


def rename(actor: Actor, passkey_id: int, name: str) -> Passkey:
    """Gives one of the actor's passkeys another name. Raises NotFound."""
    given = {"user_id": actor.user_id, "passkey_id": passkey_id, "name": name}
    renamed = db.one(Passkey, _RENAME, given, actor=actor)
    if renamed is None:
        raise NotFound("You have no such passkey.")
    return renamed


_REMOVE: LiteralString = """
WITH removed AS (
    DELETE FROM passkeys WHERE id = %(passkey_id)s AND user_id = %(user_id)s RETURNING user_id, name
), told AS (
    INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
    SELECT 'passkey_removed', user_id, 'user', user_id, jsonb_build_object('name', name), %(address)s, %(request_id)s
    FROM removed
)
SELECT u.email FROM removed JOIN users u ON u.id = removed.user_id
"""


def remove(actor: Actor, passkey_id: int) -> None:
    """Removes one of the actor's passkeys: it opens nothing any more. Raises NotFound."""
    given = {"user_id": actor.user_id, "passkey_id": passkey_id, **context.origin()}
    removed = db.one(_Removed, _REMOVE, given, actor=actor)
    if removed is None:
        raise NotFound("You have no such passkey.")
    _tell("passkey_removed", removed.email)


def _tell(kind: letters.Notice, email: str | None) -> None:
    if email and mail.is_on():
        mail.send(letters.notice(kind, email))
