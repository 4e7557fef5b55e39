-- Uses a code of a user's second factor, once: the step of time whose code it is, or a recovery code's hash. What is
-- tried is counted first, whether or not it fits. `is_used` says that it did.
CREATE OR REPLACE FUNCTION use_code(
    account bigint, step bigint, recovery bytea, burst integer, period interval,
    OUT allowed boolean, OUT remaining integer, OUT retry_after integer, OUT is_used boolean
)
    LANGUAGE plpgsql AS $$
BEGIN
    SELECT t.allowed, t.remaining, t.retry_after INTO allowed, remaining, retry_after
    FROM take_allowance('code:' || account, burst, period) t;
    is_used := false;
    IF NOT allowed THEN
        RETURN;
    END IF;
    UPDATE second_factors f SET last_step = step WHERE f.user_id = account AND f.last_step < step;
    is_used := FOUND;
    IF NOT is_used THEN
        DELETE FROM recovery_codes r WHERE r.user_id = account AND r.hash = recovery;
        is_used := FOUND;
    END IF;
END
$$;
