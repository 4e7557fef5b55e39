-- The keys of a device as the wire has them.
CREATE OR REPLACE FUNCTION device_keys_json(k device_keys) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_build_object(
        'deviceId', k.session_id, 'userId', k.user_id, 'identityKey', k.identity_key, 'signingKey', k.signing_key,
        'signedPreKey', jsonb_build_object('id', k.pre_key_id, 'key', k.pre_key, 'signature', k.pre_key_signature),
        'publishedAt', wire_time(k.published_at)
    );
