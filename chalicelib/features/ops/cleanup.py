"""Rows that are due, and rows that have had their time, in bounded bites."""

import time

import msgspec

from chalicelib.core import clock, db

_CLEAN = """
WITH keys AS (
    DELETE FROM idempotency_keys WHERE (user_id, key) IN (
        SELECT user_id, key FROM idempotency_keys WHERE created_at < now() - interval '24 hours' LIMIT 1000
    ) RETURNING 1
),
old_sessions AS (
    DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE expires_at < now() LIMIT 1000
    ) RETURNING 1
),
full_allowances AS (
    DELETE FROM allowances WHERE subject IN (
        SELECT subject FROM allowances WHERE empty_at < now() - interval '1 hour' LIMIT 1000
    ) RETURNING 1
),
old_changes AS (
    DELETE FROM personal_changes WHERE (user_id, kind, subject_id) IN (
        SELECT user_id, kind, subject_id FROM personal_changes WHERE noted_at < now() - interval '90 days' LIMIT 1000
    ) RETURNING 1
),
old_letters AS (
    DELETE FROM letter_tokens WHERE hash IN (
        SELECT hash FROM letter_tokens WHERE expires_at < now() LIMIT 1000
    ) RETURNING 1
),
old_challenges AS (
    DELETE FROM passkey_challenges WHERE hash IN (
        -- Anybody may ask for one.
        SELECT hash FROM passkey_challenges WHERE expires_at < now() LIMIT 50000
    ) RETURNING 1
),
old_devices AS (
    DELETE FROM known_devices WHERE (user_id, device) IN (
        SELECT user_id, device FROM known_devices WHERE seen_at < now() - interval '1 year' LIMIT 1000
    ) RETURNING 1
),
old_one_time_keys AS (
    DELETE FROM one_time_keys WHERE (session_id, key_id) IN (
        SELECT session_id, key_id FROM one_time_keys WHERE claimed_at < now() - interval '30 days' LIMIT 1000
    ) RETURNING 1
),
old_device_messages AS (
    DELETE FROM device_messages WHERE id IN (
        SELECT id FROM device_messages WHERE created_at < now() - interval '30 days' LIMIT 1000
    ) RETURNING 1
),
old_networks AS (
    DELETE FROM known_networks WHERE (user_id, network) IN (
        SELECT user_id, network FROM known_networks WHERE seen_at < now() - interval '90 days' LIMIT 1000
    ) RETURNING 1
),
old_held AS (
    DELETE FROM held_messages WHERE id IN (
        SELECT id FROM held_messages WHERE decided_at < now() - interval '90 days' LIMIT 1000
    ) RETURNING 1
)
SELECT (SELECT count(*) FROM keys) + (SELECT count(*) FROM old_changes)
    + (SELECT count(*) FROM old_letters) + (SELECT count(*) FROM old_devices)
    + (SELECT count(*) FROM old_challenges) + (SELECT count(*) FROM old_networks) + (SELECT count(*) FROM old_held)
    + (SELECT count(*) FROM old_one_time_keys) + (SELECT count(*) FROM old_device_messages)
    + (SELECT count(*) FROM old_sessions) + (SELECT count(*) FROM full_allowances)
    AS removed
"""


_NOTE = """
WITH old AS (
    DELETE FROM snapshots WHERE taken_at < now() - interval '30 days'
)
INSERT INTO snapshots DEFAULT VALUES ON CONFLICT DO NOTHING
"""


class _Removed(msgspec.Struct, frozen=True):
    removed: int


def sweep() -> int:
    """Notes each minute where the log of transactions stands, for sync's cursors that know only a time.

    Once an hour it cleans as well; answers how many rows it removed.
    """
    db.execute(_NOTE, {})
    return clean() if time.gmtime(clock.now()).tm_min == 0 else 0


def clean() -> int:
    """Removes kept answers after a day, what sync tells after 90 days, what has expired, and full allowances."""
    return db.the(_Removed, _CLEAN, {}).removed
