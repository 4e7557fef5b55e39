-- How much each member of a chat has to read, a JSON object by their ids; NULL where there are more than 20 members.
-- A request is nothing to be read.
-- `gone` is a message that the calling statement deletes, or hides, which has not been counted out yet; 0 where there is
-- none.
--
-- Volatile, so that it sees what the calling statement has done.
CREATE OR REPLACE FUNCTION unread_by_member(chat bigint, gone bigint) RETURNS text
    LANGUAGE plpgsql VOLATILE
    SET plan_cache_mode = force_generic_plan
    -- The tables may be empty for long: they are not read through for that.
    SET enable_seqscan = off AS $$
DECLARE
    of_all members[] := array(SELECT m FROM members m WHERE m.chat_id = chat LIMIT 21);
BEGIN
    IF cardinality(of_all) > 20 THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT json_object_agg(m.user_id, CASE WHEN c.request_of = m.user_id THEN 0 ELSE greatest(
            unread_count(chat, m.user_id, m.read_seq, c.last_seq) - CASE WHEN gone > m.read_seq AND NOT EXISTS (
                SELECT FROM uncounted u
                WHERE u.chat_id = chat AND u.user_id IN (0, m.user_id) AND u.level = 0 AND u.block = gone AND u.n > 0
            ) THEN 1 ELSE 0 END,
            0
        ) END)
        FROM chats c, unnest(of_all) m WHERE c.id = chat
    );
END
$$;
