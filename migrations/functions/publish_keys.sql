-- Publishes the keys of a session's device, or its next signed pre-key and more one-time keys, up to `most` that nobody
-- has been given. Keys whose ids are known are left as they are. `hearers` are those to be told of a new device.
CREATE OR REPLACE FUNCTION publish_keys(
    owner bigint, session bigint, given jsonb, most integer,
    OUT verdict text, OUT one_time_keys integer, OUT rotated_at text, OUT hearers bigint[], OUT log jsonb
)
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    known device_keys;
    is_new boolean;
BEGIN
    -- The session does not end meanwhile: its end would find no keys to forget.
    PERFORM 1 FROM sessions s WHERE s.id = session AND s.user_id = owner AND s.ended_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'session ended' USING ERRCODE = 'MS401';
    END IF;
    SELECT k.* INTO known FROM device_keys k WHERE k.session_id = session;
    is_new := NOT FOUND;
    verdict := CASE
        WHEN (known.identity_key, known.signing_key) <> (given ->> 'identityKey', given ->> 'signingKey')
            THEN 'keys_fixed'
        WHEN free_keys(session) + (
            SELECT count(*) FROM jsonb_array_elements(given -> 'oneTimeKeys') AS new (key)
            WHERE NOT EXISTS (
                SELECT FROM one_time_keys o WHERE o.session_id = session AND o.key_id = new.key ->> 'id'
            )
        ) > most THEN 'too_many_keys'
        ELSE 'allowed'
    END;
    IF verdict = 'allowed' THEN
        INSERT INTO device_keys AS k (
            session_id, user_id, identity_key, signing_key, pre_key_id, pre_key, pre_key_signature
        ) VALUES (
            session, owner, given ->> 'identityKey', given ->> 'signingKey', given #>> '{signedPreKey,id}',
            given #>> '{signedPreKey,key}', given #>> '{signedPreKey,signature}'
        )
        ON CONFLICT (session_id) DO UPDATE SET pre_key_id = excluded.pre_key_id, pre_key = excluded.pre_key,
            pre_key_signature = excluded.pre_key_signature,
            rotated_at = CASE WHEN excluded.pre_key = k.pre_key THEN k.rotated_at ELSE now() END
        RETURNING k.* INTO known;
        INSERT INTO one_time_keys (session_id, key_id, key)
        SELECT session, new.key ->> 'id', new.key ->> 'key' FROM jsonb_array_elements(given -> 'oneTimeKeys') AS new (key)
        ON CONFLICT DO NOTHING;
        IF is_new THEN
            PERFORM append_key_change(known, 'added');
            hearers := key_hearers(owner);
        END IF;
    END IF;
    one_time_keys := free_keys(session);
    rotated_at := wire_time(known.rotated_at);
    log := key_log_head(owner);
END
$$;
