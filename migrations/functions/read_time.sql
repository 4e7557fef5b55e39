-- When a member read a message that their mark is above; NULL where that is not known any more.
CREATE OR REPLACE FUNCTION read_time(m members, message_seq bigint) RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN message_seq > m.read_after THEN m.read_at ELSE (
        SELECT CASE WHEN s.after_seq < message_seq THEN s.read_at END
        FROM read_steps s
        WHERE s.chat_id = m.chat_id AND s.user_id = m.user_id AND s.seq >= message_seq
        ORDER BY s.seq LIMIT 1
    ) END;
