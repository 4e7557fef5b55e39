-- Gives a user another role. verdict: 'allowed', 'unchanged', or why it refuses; account is the user as the actor sees
-- them then.
CREATE OR REPLACE FUNCTION change_role(
    target bigint, actor bigint, wanted text, address text, request_id text, OUT verdict text, OUT account text
)
    LANGUAGE plpgsql AS $$
DECLARE
    known users;
    before text;
BEGIN
    -- All admins are held: of two who take the role from each other, the second one no longer has it.
    PERFORM FROM users u WHERE u.role = 'admin' OR u.id = target ORDER BY u.id FOR NO KEY UPDATE;
    SELECT * INTO known FROM users u WHERE u.id = target;
    verdict := CASE
        WHEN NOT EXISTS (SELECT FROM users u WHERE u.id = actor AND u.role = 'admin') THEN 'forbidden'
        WHEN known.id IS NULL OR known.erased_at IS NOT NULL THEN 'not_found'
        WHEN known.id = actor THEN 'not_yourself'
        WHEN known.role = wanted THEN 'unchanged'
        ELSE 'allowed'
    END;
    IF verdict = 'allowed' THEN
        before := known.role;
        UPDATE users u SET role = wanted, updated_at = now() WHERE u.id = target RETURNING u.* INTO known;
        INSERT INTO audit (action, actor_id, subject_kind, subject_id, details, address, request_id)
        VALUES (
            'role_changed', actor, 'user', target, jsonb_build_object('before', before, 'after', wanted),
            change_role.address, change_role.request_id
        );
    END IF;
    account := account_json(known, actor);
END
$$;
