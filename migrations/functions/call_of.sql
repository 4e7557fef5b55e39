-- The call that a user is in, or else the newest that rings for them.
CREATE OR REPLACE FUNCTION call_of(whose bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(
        (SELECT p.call_id FROM call_parties p WHERE p.user_id = whose AND p.state = 'joined'),
        (
            SELECT p.call_id FROM call_parties p WHERE p.user_id = whose AND p.state = 'ringing'
            ORDER BY p.call_id DESC LIMIT 1
        )
    );
