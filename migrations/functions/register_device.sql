-- Makes a session's device known, in place of the one that the session had on this platform. A token that is known is
-- this session's from now on. Of a user's devices the newest `most` stay.
CREATE OR REPLACE FUNCTION register_device(
    owner bigint, session bigint, on_platform text, given_token text, given_p256dh text, given_auth text, most integer
) RETURNS push_devices
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    device push_devices;
BEGIN
    -- One at a time of a user: two registrations of one session would each hold what the other one needs.
    PERFORM 1 FROM users u WHERE u.id = owner FOR NO KEY UPDATE;
    DELETE FROM push_devices d
    WHERE d.session_id = session AND d.platform = on_platform AND d.token <> given_token;
    INSERT INTO push_devices AS known (user_id, session_id, platform, token, p256dh, auth)
    VALUES (owner, session, on_platform, given_token, given_p256dh, given_auth)
    ON CONFLICT (token) DO UPDATE SET user_id = excluded.user_id, session_id = excluded.session_id,
        platform = excluded.platform, p256dh = excluded.p256dh, auth = excluded.auth
    RETURNING known.* INTO device;
    DELETE FROM push_devices d WHERE d.id IN (
        SELECT old.id FROM push_devices old WHERE old.user_id = owner AND old.id <> device.id
        ORDER BY old.id DESC OFFSET most - 1
    );
    RETURN device;
END
$$;
