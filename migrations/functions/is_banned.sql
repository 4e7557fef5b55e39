-- Whether a user may not log in. Volatile, so that whoever has waited for the user's row sees what was done meanwhile.
CREATE OR REPLACE FUNCTION is_banned(account bigint) RETURNS boolean
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM sanctions s
        WHERE s.user_id = account AND s.kind = 'ban' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
    );
END
$$;
