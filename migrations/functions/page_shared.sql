-- The newest messages of a chat below `before` that hold files of these kinds, as one of its members sees them, and whom
-- they name. NULL for who is not a member.
--
-- Each kind is walked by its own index until there are enough messages of it. A message with several files of a kind
-- counts where the first of them is.
CREATE OR REPLACE FUNCTION page_shared(
    viewer bigint, chat bigint, kinds text[], before bigint, most integer, OUT messages text, OUT people bigint[]
)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan
    -- The tables may be small when the plan is made, which then stays.
    SET enable_seqscan = off AS $$
BEGIN
    WITH found AS MATERIALIZED (
        SELECT DISTINCT held.seq
        FROM unnest(kinds) wanted (kind) CROSS JOIN LATERAL (
            SELECT a.seq
            FROM attachments a CROSS JOIN LATERAL (
                SELECT m.seq FROM shown_messages(viewer) m
                WHERE m.chat_id = chat AND m.seq = a.seq AND (m.message).deleted_at IS NULL
                OFFSET 0
            ) shown
            WHERE a.chat_id = chat AND a.kind = wanted.kind AND a.seq < before AND a.upload_id = (
                SELECT min(b.upload_id) FROM attachments b
                WHERE b.chat_id = chat AND b.kind = wanted.kind AND b.seq = a.seq
            )
            ORDER BY a.seq DESC LIMIT most
        ) held
        ORDER BY held.seq DESC LIMIT most
    ),
    page AS MATERIALIZED (
        SELECT m.seq, message_text(
                m,
                CASE WHEN m.sender_id = viewer THEN others.delivered_seq ELSE me.delivered_seq END,
                CASE WHEN m.sender_id = viewer THEN others.read_seq ELSE me.read_seq END
            ) AS message,
            message_people(m) AS people
        FROM members me, marks_of_others(chat, viewer) others, found f
        JOIN messages m ON m.chat_id = chat AND m.seq = f.seq
        WHERE me.chat_id = chat AND me.user_id = viewer
    )
    SELECT '[' || coalesce((SELECT string_agg(p.message, ',' ORDER BY p.seq DESC) FROM page p), '') || ']',
        array(SELECT DISTINCT named.id FROM page p, unnest(p.people) AS named (id))
    INTO page_shared.messages, page_shared.people
    WHERE EXISTS (SELECT FROM members me WHERE me.chat_id = chat AND me.user_id = viewer);
END
$$;
