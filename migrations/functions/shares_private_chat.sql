-- Who comes into whose eyes again when a block is taken back.
CREATE OR REPLACE FUNCTION shares_private_chat(one bigint, other bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM chats c
        WHERE c.type = 'private' AND c.low_user_id = least(one, other) AND c.high_user_id = greatest(one, other)
    );
END
$$;
