-- A page of a chat as one of its members sees it, a JSON array: the newest messages below `before`, or, where that is
-- NULL, below the `skip` newest of all; and whom they name. NULL for who is not a member.
--
-- A function, so that its plan stays with PostgreSQL's session: planning takes longer than reading the page.
CREATE OR REPLACE FUNCTION page_before(
    viewer bigint, chat bigint, before bigint, skip bigint, most integer, OUT messages text, OUT people bigint[]
)
    LANGUAGE plpgsql STABLE
    -- Without it PostgreSQL would plan anew for each page, since it takes the plan for a known `most` to be cheaper.
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
            AND m.chat_id = chat
            -- Numbers have no gaps: so many of them below the newest is where the page begins.
            AND m.seq < coalesce(before, (SELECT c.last_seq + 1 - skip FROM chats c WHERE c.id = chat))
        ORDER BY m.seq DESC LIMIT most
    )
    SELECT '[' || coalesce((SELECT string_agg(p.message, ',') FROM page p), '') || ']',
        array(SELECT DISTINCT named.id FROM page p, unnest(p.people) AS named (id))
    INTO page_before.messages, page_before.people
    WHERE EXISTS (SELECT FROM members me WHERE me.chat_id = chat AND me.user_id = viewer);
END
$$;
