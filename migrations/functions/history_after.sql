-- A page of a chat in the other direction: the oldest messages above `after`. NULL for who is not a member.
--
-- Not one function with history_before(): a single plan for both directions would be costed as if both ran.
CREATE OR REPLACE FUNCTION history_after(viewer bigint, chat bigint, after bigint, most integer) RETURNS text
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN (
        SELECT '[' || coalesce((
            SELECT string_agg(page.message, ',') FROM (
                SELECT message_text(
                    m.message,
                    CASE WHEN (m.message).sender_id = viewer THEN others.delivered_seq ELSE me.delivered_seq END,
                    CASE WHEN (m.message).sender_id = viewer THEN others.read_seq ELSE me.read_seq END
                ) AS message
                FROM shown_messages(viewer) m
                WHERE m.chat_id = chat AND m.seq > after
                ORDER BY m.seq LIMIT most
            ) page
        ), '') || ']'
        FROM members me, marks_of_others(chat, viewer) others
        WHERE me.chat_id = chat AND me.user_id = viewer
    );
END
$$;
