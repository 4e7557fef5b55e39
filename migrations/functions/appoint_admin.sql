-- Makes a user an admin, by a command of whoever runs the service; answers what there is to say of it.
CREATE OR REPLACE FUNCTION appoint_admin(name text) RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    known users;
BEGIN
    SELECT * INTO known FROM users u WHERE lower(u.username) = lower(name) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no user %.', name USING HINT = 'Register the account first.';
    END IF;
    IF known.role = 'admin' THEN
        RETURN format('%s is an admin already.', known.username);
    END IF;
    UPDATE users u SET role = 'admin', updated_at = now() WHERE u.id = known.id;
    INSERT INTO audit (action, subject_kind, subject_id, details)
    VALUES ('role_changed', 'user', known.id, jsonb_build_object('before', known.role, 'after', 'admin'));
    RETURN format('%s is an admin now.', known.username);
END
$$;
