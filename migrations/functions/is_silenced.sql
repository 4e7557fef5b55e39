-- Whether a moderator has muted or banned a user, for now.
CREATE OR REPLACE FUNCTION is_silenced(account bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM sanctions s
        WHERE s.user_id = account AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
    );
END
$$;
