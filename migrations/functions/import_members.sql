-- Adds to a chat those users, with these roles and times of joining, who are not in it and never left it here. A group
-- that has no owner gets one: its creator, or whoever was there first. Answers how many were added.
CREATE OR REPLACE FUNCTION import_members(
    chat bigint, user_ids bigint[], roles text[], times timestamptz[], creator bigint
) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    missing bigint[];
BEGIN
    missing := array(
        SELECT u.id FROM unnest(user_ids) AS u (id)
        WHERE NOT EXISTS (SELECT FROM members m WHERE m.chat_id = chat AND m.user_id = u.id)
            AND NOT EXISTS (SELECT FROM departures d WHERE d.chat_id = chat AND d.user_id = u.id)
    );
    IF missing = '{}' THEN
        RETURN 0;
    END IF;
    -- Every change locks the chat first, and who waited for it sees that its members are others.
    UPDATE chats c SET members_version = c.members_version + 1 WHERE c.id = chat;
    INSERT INTO members (chat_id, user_id, role, joined_at)
    SELECT chat, u.id, u.role, u.joined_at FROM unnest(user_ids, roles, times) AS u (id, role, joined_at)
    WHERE u.id = ANY (missing)
    ON CONFLICT DO NOTHING;
    IF (SELECT c.type FROM chats c WHERE c.id = chat) = 'group' THEN
        UPDATE members m SET role = 'owner'
        WHERE m.chat_id = chat
            AND NOT EXISTS (SELECT FROM members o WHERE o.chat_id = chat AND o.role = 'owner')
            AND m.user_id = (
                SELECT o.user_id FROM members o WHERE o.chat_id = chat
                ORDER BY (o.user_id = creator) IS TRUE DESC, o.role = 'admin' DESC, o.joined_at, o.user_id LIMIT 1
            );
    END IF;
    RETURN cardinality(missing);
END
$$;
