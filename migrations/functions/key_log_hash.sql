-- The hash of an entry of a key log, behind the hash `before` it: of lines that a client can write as well.
CREATE OR REPLACE FUNCTION key_log_hash(before bytea, e key_log) RETURNS bytea
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN sha256(convert_to(concat_ws(
        E'\n', coalesce(encode(before, 'hex'), ''), e.user_id, e.position, e.change, e.device_id, e.identity_key,
        e.signing_key, wire_time(e.changed_at)
    ), 'UTF8'));
