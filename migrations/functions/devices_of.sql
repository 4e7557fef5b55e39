-- The devices of a user that are notified: those whose session lives.
CREATE OR REPLACE FUNCTION devices_of(owner bigint) RETURNS SETOF push_devices
    LANGUAGE plpgsql STABLE ROWS 3 AS $$
BEGIN
    RETURN QUERY SELECT d.* FROM push_devices d JOIN sessions s ON s.id = d.session_id
    WHERE d.user_id = owner AND s.ended_at IS NULL AND s.expires_at > now();
END
$$;
