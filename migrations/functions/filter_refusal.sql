-- Why an actor may not look after the rules on words of a group, and what those hold; NULL where they may: owners and
-- admins of the group. Those of the whole service (`place` is NULL) are for moderators, which require_role() checks.
CREATE OR REPLACE FUNCTION filter_refusal(place bigint, actor bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN place IS NOT NULL THEN (
        SELECT CASE
            WHEN me.user_id IS NULL THEN 'not_found'
            WHEN c.type <> 'group' THEN 'not_group'
            WHEN me.role = 'member' THEN 'forbidden'
        END
        FROM (SELECT) always LEFT JOIN members me ON me.chat_id = place AND me.user_id = actor
        LEFT JOIN chats c ON c.id = me.chat_id
    ) END;
