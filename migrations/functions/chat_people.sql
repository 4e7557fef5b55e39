-- Whom a chat names: who made it, its members as far as they are shown, and the people of its newest message.
CREATE OR REPLACE FUNCTION chat_people(c chats, newest messages, most_participants integer) RETURNS bigint[]
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN c.created_by || array(
        SELECT m.user_id FROM members m WHERE m.chat_id = c.id ORDER BY m.user_id LIMIT most_participants
    ) || message_people(newest);
