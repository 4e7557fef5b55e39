"""Idempotency-Key: the same key and body get the same answer for 24 hours, however often the request arrives.

The key's row, the change and the stored answer commit together. A second request with the same key waits on that row
until the first has committed, and then reads its answer.
"""

from collections.abc import Callable, Mapping

import msgspec

from chalicelib.core import db
from chalicelib.core.context import Actor
from chalicelib.core.errors import IdempotencyKeyReused, InvalidInput

_CLAIM = """
INSERT INTO idempotency_keys AS kept (user_id, key, fingerprint)
VALUES (%(user_id)s, %(key)s, %(fingerprint)s)
ON CONFLICT (user_id, key) DO UPDATE SET
    -- A key older than its day begins anew.
    fingerprint = CASE WHEN kept.created_at < now() - interval '24 hours'
        THEN excluded.fingerprint ELSE kept.fingerprint END,
    answer = CASE WHEN kept.created_at < now() - interval '24 hours' THEN NULL ELSE kept.answer END,
    created_at = CASE WHEN kept.created_at < now() - interval '24 hours' THEN now() ELSE kept.created_at END
RETURNING fingerprint, answer::text
"""

_KEEP = "UPDATE idempotency_keys SET answer = %(answer)s WHERE user_id = %(user_id)s AND key = %(key)s"


class _Claim(msgspec.Struct, frozen=True):
    fingerprint: str
    answer: str | None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP answer, ready to be sent or kept."""

    status: int
    headers: dict[str, str]
    body: str


def check_usable(key: str) -> None:
    """Raises InvalidInput for a key that is no key."""
    if not 1 <= len(key) <= 200 or not key.isprintable():
        raise InvalidInput.at("Idempotency-Key", "wrong_form", "must be 1 to 200 printable characters")


def replayed(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer that is given once more."""
    return {**headers, "Idempotent-Replayed": "true"}


def once(*, actor: Actor, key: str, fingerprint: str, run: Callable[[], Answer]) -> Answer:
    """`run`'s answer, or the one that was kept for this key. A refusal is not kept: it may pass the next time.

    Raises InvalidInput for a key that is no key, IdempotencyKeyReused for one that came with another body.
    """
    check_usable(key)
    owner = {"user_id": actor.user_id, "key": key}
    with db.transaction():
        claim = db.the(_Claim, _CLAIM, {**owner, "fingerprint": fingerprint}, actor=actor)
        if claim.fingerprint != fingerprint:
            raise IdempotencyKeyReused()
        if claim.answer is not None:
            kept = msgspec.json.decode(claim.answer, type=Answer)
            return msgspec.structs.replace(kept, headers=replayed(kept.headers))
        answer = run()
        db.execute(_KEEP, {**owner, "answer": msgspec.json.encode(answer).decode()})
        return answer
