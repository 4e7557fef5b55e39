-- Takes a message that was just deleted out of its thread. Answers the head of the thread, as all members are told of it;
-- NULL where the message was in none.
CREATE OR REPLACE FUNCTION remove_reply(chat bigint, head_id bigint, reply_seq bigint, stand_in members) RETURNS text
    LANGUAGE plpgsql VOLATILE
    -- The tables may be empty for long: they are not read through for that.
    SET enable_seqscan = off AS $$
DECLARE
    head messages;
BEGIN
    SELECT m.* INTO head FROM messages m WHERE m.id = head_id AND m.deleted_at IS NULL;
    DELETE FROM thread_replies r WHERE r.chat_id = chat AND r.root_seq = head.seq AND r.seq = reply_seq;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    UPDATE threads t SET reply_count = t.reply_count - 1, last_seq = (
        SELECT max(r.seq) FROM thread_replies r WHERE r.chat_id = chat AND r.root_seq = head.seq
    )
    WHERE t.chat_id = chat AND t.root_seq = head.seq;
    UPDATE messages m SET updated_at = next_update(m, clock_timestamp())
    WHERE m.chat_id = chat AND m.seq = head.seq RETURNING m.* INTO head;
    RETURN message_told(head, stand_in);
END
$$;
