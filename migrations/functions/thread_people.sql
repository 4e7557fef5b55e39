-- Whom a message at the head of a thread names by it: the sender of the last reply.
CREATE OR REPLACE FUNCTION thread_people(m messages) RETURNS bigint[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN array(
        SELECT r.sender_id FROM threads t JOIN messages r ON r.chat_id = t.chat_id AND r.seq = t.last_seq
        WHERE t.chat_id = m.chat_id AND t.root_seq = m.seq
    );
END
$$;
