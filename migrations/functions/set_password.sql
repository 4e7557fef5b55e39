-- Gives a user another password and ends their sessions, but for one that is kept. No row where the password was
-- changed since `known_change`; NULL for whatever it is. The user's row is taken first, as by a log-in: what is
-- ended is looked at after it, so that a session that was being opened with the old password is seen.
CREATE OR REPLACE FUNCTION set_password(
    account bigint, known_change timestamptz, new_hash text, kept_session bigint
) RETURNS TABLE (user_id bigint, email text, session_ids bigint[])
    LANGUAGE plpgsql AS $$
DECLARE
    address text;
BEGIN
    UPDATE users u SET password_hash = new_hash, password_changed_at = clock_timestamp()
    WHERE u.id = account AND (known_change IS NULL OR u.password_changed_at = known_change)
    RETURNING u.email INTO address;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM letter_tokens t WHERE t.user_id = account AND t.purpose = 'reset';
    RETURN QUERY
    WITH ended AS (
        UPDATE sessions s SET ended_at = now()
        WHERE s.user_id = account AND s.ended_at IS NULL AND s.id IS DISTINCT FROM kept_session
        RETURNING s.id
    )
    SELECT account, address, coalesce(array_agg(ended.id), '{}') FROM ended;
END
$$;
