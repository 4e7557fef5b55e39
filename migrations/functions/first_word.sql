-- Whether a user may begin a private chat with another one, by the other's choice: 'allowed', 'request' where the other
-- is asked first, or 'writing_refused'.
CREATE OR REPLACE FUNCTION first_word(writer bigint, receiver bigint) RETURNS text
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT CASE
            WHEN u.messages_from = 'everyone' OR writer = receiver THEN 'allowed'
            WHEN u.messages_from = 'nobody' THEN 'writing_refused'
            WHEN EXISTS (SELECT FROM contacts c WHERE c.owner_id = receiver AND c.user_id = writer) THEN 'allowed'
            WHEN u.messages_from = 'requests' THEN 'request'
            ELSE 'writing_refused'
        END
        FROM users u WHERE u.id = receiver
    );
END
$$;
