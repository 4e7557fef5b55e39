-- A page of a chat's messages, as page_before() answers it, each with `reads`: who of the first 20 recipients has
-- received or read it, and when, as far as the viewer may see it. Those who came later were not sent it.
CREATE OR REPLACE FUNCTION with_reads(page text, chat bigint, viewer bigint) RETURNS text
    LANGUAGE plpgsql STABLE STRICT
    SET plan_cache_mode = force_generic_plan
    -- The tables may be empty for long: they are not read through for that.
    SET enable_seqscan = off AS $$
BEGIN
    RETURN (
        SELECT '[' || coalesce(string_agg(
            left(given.message::text, -1) || ',"reads":' || coalesce(told.reads, '[]') || '}', ',' ORDER BY given.place
        ), '') || ']'
        FROM members me, json_array_elements(page::json) WITH ORDINALITY AS given (message, place)
        CROSS JOIN LATERAL (
            SELECT (given.message ->> 'seq')::bigint AS seq, (given.message ->> 'senderId')::bigint AS sender_id,
                (given.message ->> 'createdAt')::timestamptz AS sent_at
        ) one
        CROSS JOIN LATERAL (
            SELECT json_agg(json_build_object(
                'userId', m.user_id,
                'status', CASE WHEN m.shown_seq >= one.seq THEN 'read' ELSE 'delivered' END,
                'readAt', CASE WHEN m.shown_seq >= one.seq THEN wire_time(read_time(m.member, one.seq)) END
            ) ORDER BY m.user_id)::text AS reads
            FROM (
                SELECT o AS member, o.user_id, o.delivered_seq, shown_read_seq(o, me) AS shown_seq
                FROM members o
                WHERE o.chat_id = chat AND o.user_id IS DISTINCT FROM one.sender_id
                    AND date_trunc('milliseconds', o.joined_at) <= one.sent_at
                ORDER BY o.user_id LIMIT 20
            ) m
            WHERE greatest(m.delivered_seq, m.shown_seq) >= one.seq
        ) told
        WHERE me.chat_id = chat AND me.user_id = viewer
    );
END
$$;
