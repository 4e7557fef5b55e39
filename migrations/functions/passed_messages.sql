-- The messages of others over which a member's mark moves from one seq to another: the ids of the last hundred, the newest
-- first.
CREATE OR REPLACE FUNCTION passed_messages(viewer members, after bigint, upto bigint) RETURNS bigint[]
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan
    -- The table may be small when the plan is made, which then stays.
    SET enable_seqscan = off AS $$
BEGIN
    RETURN array(
        SELECT m.id FROM messages m
        WHERE m.chat_id = viewer.chat_id AND m.seq > after AND m.seq <= upto
            AND m.sender_id IS DISTINCT FROM viewer.user_id AND m.deleted_at IS NULL
        ORDER BY m.seq DESC LIMIT 100
    );
END
$$;
