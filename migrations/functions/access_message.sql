-- The only way to act on one message: with its chat and the actor's membership, or not at all where it is not theirs
-- to know of.
CREATE OR REPLACE FUNCTION access_message(message_id bigint, actor bigint)
    RETURNS TABLE (message messages, chat chats, viewer members)
    LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT m.message, c, me
    FROM shown_messages(actor) m
    JOIN chats c ON c.id = m.chat_id
    JOIN members me ON me.chat_id = m.chat_id AND me.user_id = actor
    WHERE m.id = message_id;
END;
