-- Why an actor may not act as a moderator on a user; NULL where they may. Admins act on all others, moderators on users.
CREATE OR REPLACE FUNCTION judging_refusal(actor bigint, target bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT CASE
            WHEN u.id IS NULL OR u.erased_at IS NOT NULL THEN 'not_found'
            WHEN u.id = me.id THEN 'not_yourself'
            WHEN me.role = 'admin' OR (me.role = 'moderator' AND u.role = 'user') THEN NULL
            ELSE 'forbidden'
        END
        FROM (SELECT) always LEFT JOIN users me ON me.id = actor LEFT JOIN users u ON u.id = target
    );
