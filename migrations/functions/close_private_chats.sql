-- Notes for sync that nobody can write to a user any more: their private chats are told anew to the others. Answers the
-- chats, and beside each the other user.
CREATE OR REPLACE FUNCTION close_private_chats(account bigint, OUT chat_ids bigint[], OUT peer_ids bigint[])
    LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- Every change locks the chat before its members; several are locked in one order.
    PERFORM FROM chats c JOIN members me ON me.chat_id = c.id
    WHERE me.user_id = account AND c.type = 'private' ORDER BY c.id FOR NO KEY UPDATE OF c;
    WITH touched AS (
        UPDATE members m SET marked_unread = m.marked_unread FROM members me JOIN chats c ON c.id = me.chat_id
        WHERE me.user_id = account AND c.type = 'private' AND m.chat_id = c.id AND m.user_id <> account
        RETURNING m.chat_id, m.user_id
    )
    SELECT coalesce(array_agg(t.chat_id ORDER BY t.chat_id), '{}'), coalesce(array_agg(t.user_id ORDER BY t.chat_id), '{}')
    INTO chat_ids, peer_ids FROM touched t;
END
$$;
