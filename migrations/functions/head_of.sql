-- The message at the head of the thread that a message is in; the message itself where it is in none, or that one was
-- deleted.
CREATE OR REPLACE FUNCTION head_of(m messages) RETURNS messages
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce((
        SELECT head FROM messages head
        WHERE m.thread_id <> m.id AND head.id = m.thread_id AND head.deleted_at IS NULL
    ), m);
END
$$;
