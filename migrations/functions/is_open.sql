-- Whether an invite still opens its group: it does as long as its maker might add members.
CREATE OR REPLACE FUNCTION is_open(i invites, c chats) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN c.deleted_at IS NULL AND i.revoked_at IS NULL AND coalesce(i.expires_at > now(), true)
        AND coalesce(i.uses < i.most_uses, true)
        AND coalesce((
            SELECT may_add(c, m) FROM members m WHERE m.chat_id = i.chat_id AND m.user_id = i.created_by
        ), false);
