-- In which thread a reply to a message is: in the one that the message is in, or in one under the message itself where
-- the head of that was deleted; in none where the message was deleted too.
CREATE OR REPLACE FUNCTION thread_under(m messages) RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce(
        CASE WHEN m.thread_id <> m.id THEN (
            SELECT r.id FROM messages r
            WHERE r.id = m.thread_id AND r.deleted_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > now())
        ) END,
        CASE WHEN m.deleted_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > now()) THEN m.id END
    );
END
$$;
