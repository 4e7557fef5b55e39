-- Takes away some of what a user had for themselves, up to `most` rows of each kind; answers how many.
CREATE OR REPLACE FUNCTION erase_personal(account bigint, most integer) RETURNS bigint
    LANGUAGE sql VOLATILE AS $$
    WITH own_contacts AS (
        DELETE FROM contacts WHERE (owner_id, user_id) IN (
            SELECT owner_id, user_id FROM contacts WHERE owner_id = account LIMIT most
        ) RETURNING 1
    ), as_contact AS (
        DELETE FROM contacts WHERE (owner_id, user_id) IN (
            SELECT owner_id, user_id FROM contacts WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), own_blocks AS (
        DELETE FROM blocks WHERE (blocker_id, blocked_id) IN (
            SELECT blocker_id, blocked_id FROM blocks WHERE blocker_id = account LIMIT most
        ) RETURNING 1
    ), as_blocked AS (
        DELETE FROM blocks WHERE (blocker_id, blocked_id) IN (
            SELECT blocker_id, blocked_id FROM blocks WHERE blocked_id = account LIMIT most
        ) RETURNING 1
    ), own_drafts AS (
        DELETE FROM drafts WHERE (user_id, chat_id) IN (
            SELECT user_id, chat_id FROM drafts WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), planned AS (
        DELETE FROM scheduled_messages WHERE id IN (
            SELECT id FROM scheduled_messages WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), held AS (
        DELETE FROM held_messages WHERE id IN (
            SELECT id FROM held_messages WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), answers AS (
        DELETE FROM idempotency_keys WHERE (user_id, key) IN (
            SELECT user_id, key FROM idempotency_keys WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), logged_in AS (
        DELETE FROM sessions WHERE id IN (
            -- Also one that was being opened while the deletion was asked for.
            SELECT id FROM sessions WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), key_exchanges AS (
        DELETE FROM key_peers WHERE (user_id, peer_id) IN (
            SELECT user_id, peer_id FROM key_peers WHERE user_id = account LIMIT most
        ) RETURNING 1
    ), as_peer AS (
        DELETE FROM key_peers WHERE (user_id, peer_id) IN (
            SELECT user_id, peer_id FROM key_peers WHERE peer_id = account LIMIT most
        ) RETURNING 1
    ), devices AS (
        DELETE FROM known_devices WHERE user_id = account RETURNING 1
    ), networks AS (
        DELETE FROM known_networks WHERE user_id = account RETURNING 1
    ), letters AS (
        DELETE FROM letter_tokens WHERE user_id = account RETURNING 1
    ), factor AS (
        DELETE FROM second_factors WHERE user_id = account RETURNING 1
    ), keys AS (
        DELETE FROM passkeys WHERE user_id = account RETURNING 1
    ), challenges AS (
        DELETE FROM passkey_challenges WHERE user_id = account RETURNING 1
    ), archives AS (
        DELETE FROM exports WHERE user_id = account RETURNING 1
    ), codes AS (
        DELETE FROM recovery_codes WHERE user_id = account RETURNING 1
    )
    SELECT (SELECT count(*) FROM own_contacts) + (SELECT count(*) FROM as_contact)
        + (SELECT count(*) FROM own_blocks) + (SELECT count(*) FROM as_blocked)
        + (SELECT count(*) FROM own_drafts) + (SELECT count(*) FROM planned) + (SELECT count(*) FROM held)
        + (SELECT count(*) FROM answers) + (SELECT count(*) FROM logged_in)
        + (SELECT count(*) FROM devices) + (SELECT count(*) FROM networks) + (SELECT count(*) FROM letters)
        + (SELECT count(*) FROM archives) + (SELECT count(*) FROM factor) + (SELECT count(*) FROM codes)
        + (SELECT count(*) FROM key_exchanges) + (SELECT count(*) FROM as_peer)
        + (SELECT count(*) FROM keys) + (SELECT count(*) FROM challenges)
$$;
