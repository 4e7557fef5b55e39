-- The messages that are there for a user who may read their chat: not deleted by them for themselves, not expired. To be
-- narrowed down by a chat or an id: it is planned as a part of the statement that asks.
CREATE OR REPLACE FUNCTION shown_messages(viewer bigint)
    RETURNS TABLE (message messages, id bigint, chat_id bigint, seq bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m, m.id, m.chat_id, m.seq FROM messages m
    -- Asked for a value, not for existence: so the planner looks each message up, where else it might hash the table,
    -- and expects few to be hidden, without which it would not walk a chat until a page is full.
    WHERE (m.expires_at IS NULL OR m.expires_at > now()) AND (
        SELECT h.seq FROM hidden_messages h
        WHERE h.user_id = viewer AND h.chat_id = m.chat_id AND h.seq = m.seq
    ) IS DISTINCT FROM m.seq;
END;
