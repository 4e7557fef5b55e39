-- A chat as one member sees it, with the people whom it names; of thousands of members, the first thousand.
CREATE OR REPLACE FUNCTION chat_answer(c chats, viewer members, most_participants integer) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT with_users(
            chat_text(c, viewer, newest.message, most_participants),
            chat_people(c, newest.message, least(most_participants, 1000))
        )
        FROM (SELECT newest_message(c.id, viewer.user_id) AS message OFFSET 0) newest
    );
