-- Who hears of a changed profile: those who share a chat with the user or have the user as a contact; `apart` are those
-- of them who are blocked or have blocked the user. Sync tells those who are too many to be told at once.
CREATE OR REPLACE FUNCTION profile_audience(of_user bigint, OUT hearers bigint[], OUT apart bigint[])
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH knowing AS MATERIALIZED (
        SELECT DISTINCT knows.id FROM (
            (SELECT c.owner_id AS id FROM contacts c WHERE c.user_id = of_user LIMIT 10000)
            UNION ALL
            (
                SELECT o.user_id FROM members me JOIN members o ON o.chat_id = me.chat_id
                WHERE me.user_id = of_user LIMIT 20000
            )
        ) knows
        WHERE knows.id <> of_user LIMIT 10000
    )
    SELECT coalesce(array_agg(k.id) FILTER (WHERE NOT is_blocked(k.id, of_user)), '{}'),
        coalesce(array_agg(k.id) FILTER (WHERE is_blocked(k.id, of_user)), '{}')
    FROM knowing k
$$;
