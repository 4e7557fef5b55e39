-- Whether a user lets another one call: by the user's rule, and if neither has blocked the other.
CREATE OR REPLACE FUNCTION may_call(caller bigint, callee bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN lets_see((SELECT u.calls_from FROM users u WHERE u.id = callee), callee, caller)
        AND NOT is_blocked(caller, callee);
