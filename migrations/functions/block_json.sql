-- A block as whoever made it sees it.
CREATE OR REPLACE FUNCTION block_json(b blocks) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object('userId', b.blocked_id, 'createdAt', wire_time(b.created_at), 'user', (
        SELECT user_json(u, b.blocker_id) FROM users u WHERE u.id = b.blocked_id
    ));
