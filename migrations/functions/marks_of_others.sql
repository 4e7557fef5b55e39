-- Up to where a chat's messages were delivered to, and read by, everyone but one user: what a sender sees of them.
-- Nothing was read by everyone where one member keeps back what they read, be it the sender.
CREATE OR REPLACE FUNCTION marks_of_others(chat bigint, of_user bigint, OUT delivered_seq bigint, OUT read_seq bigint)
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    SELECT
        min(m.delivered_seq) FILTER (WHERE m.user_id <> of_user),
        CASE WHEN bool_and(m.read_receipts) THEN min(m.read_seq) FILTER (WHERE m.user_id <> of_user) ELSE 0 END
    INTO marks_of_others.delivered_seq, marks_of_others.read_seq
    FROM members m WHERE m.chat_id = chat;
END
$$;
