-- Asks for a user's archive, unless there is one already.
CREATE OR REPLACE FUNCTION begin_export(account bigint) RETURNS void
    LANGUAGE sql VOLATILE AS $$
    INSERT INTO exports (user_id, total)
    SELECT account, coalesce(sum(c.last_seq), 0) FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.user_id = account
    ON CONFLICT (user_id) DO NOTHING
$$;
