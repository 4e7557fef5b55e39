-- The verdict on a member who writes in a chat: 'blocked', 'request_declined', 'forbidden' or 'muted', NULL where they
-- may. What the chat says of it comes first: some callers heed that alone.
CREATE OR REPLACE FUNCTION writing_refusal(c chats, me members) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(
        CASE send_refusal(c, me)
            WHEN 'blocked' THEN 'blocked'
            WHEN 'request_declined' THEN 'request_declined'
            WHEN 'only_admins' THEN 'forbidden'
            WHEN 'deleted_user' THEN 'forbidden'
        END,
        CASE WHEN is_silenced(me.user_id) THEN 'muted' END
    );
