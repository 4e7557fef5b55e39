-- The newest message of a chat that is there for a member, and was not deleted, beside the one that the calling
-- statement deletes: as all members are told of it. It is looked for among the last hundred.
--
-- Volatile, so that it sees what was sent until the calling statement had the chat for itself.
CREATE OR REPLACE FUNCTION newest_left(chat bigint, gone bigint, viewer members) RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET plan_cache_mode = force_generic_plan
    -- The tables may be empty for long: they are not read through for that.
    SET enable_seqscan = off AS $$
BEGIN
    RETURN (
        SELECT message_told(newest.message, viewer)
        FROM (
            SELECT m.message FROM shown_messages(viewer.user_id) m
            WHERE m.chat_id = chat AND m.seq > (SELECT c.last_seq - 100 FROM chats c WHERE c.id = chat)
                AND m.seq <> gone AND (m.message).deleted_at IS NULL
            ORDER BY m.seq DESC LIMIT 1
        ) newest
    );
END
$$;
