-- The private chat of two users; NULL where they have none.
CREATE OR REPLACE FUNCTION private_chat_of(one bigint, other bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT c.id FROM chats c
        WHERE c.type = 'private' AND c.low_user_id = least(one, other) AND c.high_user_id = greatest(one, other)
    );
