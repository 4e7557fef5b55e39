-- The mute and the ban of a user that are in force: a JSON array.
CREATE OR REPLACE FUNCTION sanctions_in_force(account bigint) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce((
        SELECT jsonb_agg(sanction_json(s) ORDER BY s.id) FROM sanctions s
        WHERE s.user_id = account AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
    ), '[]');
