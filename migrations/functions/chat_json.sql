-- A chat as one member sees it, without the people whom it names. Version 0.2.0 answers this.
CREATE OR REPLACE FUNCTION chat_json(c chats, viewer members, most_participants integer) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT chat_text(c, viewer, newest.message, most_participants)::jsonb
        FROM (SELECT newest_message(c.id, viewer.user_id) AS message OFFSET 0) newest
    );
