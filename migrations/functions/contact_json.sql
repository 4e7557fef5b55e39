-- A contact as its owner sees it.
CREATE OR REPLACE FUNCTION contact_json(c contacts) RETURNS json
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN json_build_object('userId', c.user_id, 'name', c.name, 'user', (
        SELECT user_json(u, c.owner_id) FROM users u WHERE u.id = c.user_id
    ));
