-- The devices of a user that have keys and whose session lives.
CREATE OR REPLACE FUNCTION encrypting_devices(owner bigint) RETURNS SETOF device_keys
    LANGUAGE plpgsql STABLE ROWS 3 AS $$
BEGIN
    RETURN QUERY SELECT k.* FROM device_keys k JOIN sessions s ON s.id = k.session_id
    WHERE k.user_id = owner AND s.ended_at IS NULL AND s.expires_at > now();
END
$$;
