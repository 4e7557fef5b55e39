-- How many messages a user has to read in all chats.
CREATE OR REPLACE FUNCTION badge_of(owner bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT coalesce(sum(unread_count(m.chat_id, m.user_id, m.read_seq, c.last_seq)), 0)
        FROM members m JOIN chats c ON c.id = m.chat_id
        WHERE m.user_id = owner AND c.last_seq > m.read_seq AND (m.hidden_seq IS NULL OR c.last_seq > m.hidden_seq)
            AND c.request_of IS DISTINCT FROM m.user_id
    );
END
$$;
