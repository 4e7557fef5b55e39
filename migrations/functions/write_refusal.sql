-- Why a member may not write in a chat: 'blocked' by or having blocked the other of a private one, 'forbidden' where
-- only admins write; NULL where they may.
CREATE OR REPLACE FUNCTION write_refusal(c chats, me members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN c.type = 'private' AND is_blocked(c.low_user_id, c.high_user_id) THEN 'blocked'
        WHEN c.who_can_send = 'admins' AND me.role = 'member' THEN 'forbidden'
    END;
