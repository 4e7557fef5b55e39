-- Uses a token that was sent to an address: the address is its user's from now on, and verified. No row where there is
-- no such token, or where it was sent to an address that is not the user's any more. `before` is another address that
-- the user had.
CREATE OR REPLACE FUNCTION confirm_email(token bytea) RETURNS TABLE (user_id bigint, email text, before text)
    LANGUAGE plpgsql AS $$
DECLARE
    used letter_tokens;
    old text;
BEGIN
    DELETE FROM letter_tokens t
    WHERE t.hash = token AND t.purpose IN ('verify', 'change') AND t.expires_at > now() AND t.user_id IS NOT NULL
    RETURNING t.* INTO used;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT u.email INTO old FROM users u WHERE u.id = used.user_id FOR NO KEY UPDATE;
    IF used.purpose = 'verify' AND lower(old) IS DISTINCT FROM lower(used.email) THEN
        RETURN;
    END IF;
    UPDATE users u SET email = used.email, email_verified_at = clock_timestamp() WHERE u.id = used.user_id;
    RETURN QUERY SELECT used.user_id, used.email, CASE WHEN lower(old) <> lower(used.email) THEN old END;
END
$$;
