-- These users in short, each once and by id: the text of a JSON array. What answers and events carry of the people whom
-- they name, so that a client needs no request for each of them.
--
-- In PL/pgSQL, since its plan stays with PostgreSQL's session; a plan for given ids would be the same, made each time.
CREATE OR REPLACE FUNCTION users_text(ids bigint[]) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN '[' || coalesce((
        SELECT string_agg(concat(
            '{"id":', u.id, ',"username":', to_json(u.username), ',"displayName":', to_json(u.display_name),
            ',"avatarUrl":', coalesce(to_json(CASE WHEN u.avatar_id IS NOT NULL THEN u.avatar_link END)::text, 'null'), '}'
        ), ',' ORDER BY u.id)
        FROM users u WHERE u.id = ANY (ids)
    ), '') || ']';
END
$$;
