-- Counts a message out of what is unread in a chat, for one user or for all (0); or in again, by -1.
CREATE OR REPLACE FUNCTION count_out(chat bigint, whose bigint, message_seq bigint, how_many integer) RETURNS void
    LANGUAGE sql VOLATILE AS $$
    INSERT INTO uncounted AS u (chat_id, user_id, level, block, n)
    SELECT chat, whose, level, message_seq >> (6 * level), how_many FROM generate_series(0, 3) level
    ON CONFLICT (chat_id, user_id, level, block) DO UPDATE SET n = u.n + excluded.n
$$;
