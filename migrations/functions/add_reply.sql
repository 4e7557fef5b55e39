-- Adds a message that was just stored to its thread. Answers the head of the thread, as all members are told of it.
CREATE OR REPLACE FUNCTION add_reply(chat bigint, head_id bigint, reply_seq bigint, moment timestamptz, sender members)
    RETURNS text
    LANGUAGE plpgsql VOLATILE
    -- The tables may be empty for long: they are not read through for that.
    SET enable_seqscan = off AS $$
DECLARE
    head messages;
BEGIN
    UPDATE messages m SET thread_id = m.id, updated_at = next_update(m, moment)
    WHERE m.id = head_id AND m.deleted_at IS NULL RETURNING m.* INTO head;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO threads AS t (chat_id, root_seq, reply_count, last_seq) VALUES (chat, head.seq, 1, reply_seq)
    ON CONFLICT (chat_id, root_seq) DO UPDATE SET reply_count = t.reply_count + 1, last_seq = excluded.last_seq;
    INSERT INTO thread_replies (chat_id, root_seq, seq) VALUES (chat, head.seq, reply_seq);
    RETURN message_told(head, sender);
END
$$;
