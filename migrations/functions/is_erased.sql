-- Whether either of two users has deleted their account.
CREATE OR REPLACE FUNCTION is_erased(one bigint, other bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM users u WHERE u.id IN (one, other) AND u.erased_at IS NOT NULL);
END
$$;
