-- Adds to a chat those of `given`, a list of {user, role, joinedAt}, who are not in it and never left it here. A group
-- that has no owner gets one: its creator, or whoever was there first. Answers how many were added.
CREATE OR REPLACE FUNCTION import_members(import integer, chat bigint, given jsonb, creator bigint) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    missing bigint[];
BEGIN
    missing := array(
        SELECT u.id FROM jsonb_to_recordset(given) AS g ("user" text)
        JOIN imported_users i ON i.import_id = import AND i.key = g.user
        JOIN users u ON u.id = i.user_id
        WHERE NOT EXISTS (SELECT FROM members m WHERE m.chat_id = chat AND m.user_id = u.id)
            AND NOT EXISTS (SELECT FROM departures d WHERE d.chat_id = chat AND d.user_id = u.id)
    );
    IF missing = '{}' THEN
        RETURN 0;
    END IF;
    -- Every change locks the chat first, and who waited for it sees that its members are others.
    UPDATE chats c SET members_version = c.members_version + 1 WHERE c.id = chat;
    INSERT INTO members (chat_id, user_id, role, joined_at)
    SELECT DISTINCT ON (u.id) chat, u.id, g.role, g."joinedAt"
    FROM jsonb_to_recordset(given) AS g ("user" text, role text, "joinedAt" timestamptz)
    JOIN imported_users i ON i.import_id = import AND i.key = g.user
    JOIN users u ON u.id = i.user_id
    WHERE u.id = ANY (missing)
    ORDER BY u.id, g."joinedAt"
    ON CONFLICT DO NOTHING;
    UPDATE members m SET role = 'owner'
    WHERE m.chat_id = chat
        AND (SELECT c.type FROM chats c WHERE c.id = chat) = 'group'
        AND NOT EXISTS (SELECT FROM members o WHERE o.chat_id = chat AND o.role = 'owner')
        AND m.user_id = (
            SELECT o.user_id FROM members o WHERE o.chat_id = chat
            ORDER BY (o.user_id = creator) IS TRUE DESC, o.role = 'admin' DESC, o.joined_at, o.user_id LIMIT 1
        );
    RETURN cardinality(missing);
END
$$;
