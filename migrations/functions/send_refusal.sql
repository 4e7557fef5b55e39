-- Why a member may not write in a chat, as clients are told it; NULL where they may.
CREATE OR REPLACE FUNCTION send_refusal(c chats, me members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN c.type = 'private' AND (c.low_user_id IS NULL OR c.high_user_id IS NULL) THEN 'deleted_user'
        WHEN c.type = 'private' AND is_erased(c.low_user_id, c.high_user_id) THEN 'deleted_user'
        WHEN c.type = 'private' AND is_blocked(c.low_user_id, c.high_user_id) THEN 'blocked'
        WHEN c.request_declined AND c.request_of <> me.user_id THEN 'request_declined'
        WHEN c.who_can_send = 'admins' AND me.role = 'member' THEN 'only_admins'
    END;
