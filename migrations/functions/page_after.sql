-- A page of a chat in the other direction: the oldest messages above `after`, and whom they name. NULL for who is not a
-- member.
--
-- Not one function with page_before(): a single plan for both directions would be costed as if both ran.
CREATE OR REPLACE FUNCTION page_after(
    viewer bigint, chat bigint, after bigint, most integer, OUT messages text, OUT people bigint[]
)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    WITH page AS MATERIALIZED (
        SELECT message_text(
                m.message,
                CASE WHEN (m.message).sender_id = viewer THEN others.delivered_seq ELSE me.delivered_seq END,
                CASE WHEN (m.message).sender_id = viewer THEN others.read_seq ELSE me.read_seq END
            ) AS message,
            message_people(m.message) AS people
        FROM members me, marks_of_others(chat, viewer) others, shown_messages(viewer) m
        WHERE me.chat_id = chat AND me.user_id = viewer
            AND m.chat_id = chat AND m.seq > after
        ORDER BY m.seq LIMIT most
    )
    SELECT '[' || coalesce((SELECT string_agg(p.message, ',') FROM page p), '') || ']',
        array(SELECT DISTINCT named.id FROM page p, unnest(p.people) AS named (id))
    INTO page_after.messages, page_after.people
    WHERE EXISTS (SELECT FROM members me WHERE me.chat_id = chat AND me.user_id = viewer);
END
$$;
