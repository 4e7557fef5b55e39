-- Keeps a passkey of a user who has fewer than `most`, and tells it by letter to the address that is answered.
CREATE OR REPLACE FUNCTION add_passkey(
    account bigint, most integer, credential bytea, public_key bytea, sign_count bigint, is_synced boolean,
    transports text[], name text, OUT verdict text, OUT id bigint, OUT created_at text, OUT email text
)
    LANGUAGE plpgsql AS $$
DECLARE
    added passkeys;
BEGIN
    -- One at a time of a user's: two could both be the last one.
    SELECT u.email INTO email FROM users u WHERE u.id = account FOR NO KEY UPDATE;
    IF (SELECT count(*) FROM passkeys p WHERE p.user_id = account) >= most THEN
        verdict := 'too_many_passkeys';
        RETURN;
    END IF;
    INSERT INTO passkeys AS p (user_id, credential_id, public_key, sign_count, is_synced, transports, name)
    VALUES (account, credential, public_key, sign_count, is_synced, transports, name)
    ON CONFLICT ON CONSTRAINT passkeys_credential DO NOTHING
    RETURNING p.* INTO added;
    verdict := CASE WHEN added.id IS NULL THEN 'passkey_known' ELSE 'allowed' END;
    id := added.id;
    created_at := wire_time(added.created_at);
END
$$;
