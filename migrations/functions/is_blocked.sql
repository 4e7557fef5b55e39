-- Whether either of two users has blocked the other.
CREATE OR REPLACE FUNCTION is_blocked(one bigint, other bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM blocks
        WHERE (blocker_id = one AND blocked_id = other) OR (blocker_id = other AND blocked_id = one)
    );
END
$$;
