-- Makes chats of another messenger, with their members, or adds members to those of an earlier run. `rows` is a list of
-- {key, type, name, description, createdBy, createdAt, members: [{user, role, joinedAt}]}. Answers what became of each.
--
-- outcome: 'known' from an earlier run; 'added'; 'matched' with the private chat that two users have here already;
-- 'deleted' here since; 'empty', where none of its members is here. Who left a chat here, or was removed, stays out.
CREATE OR REPLACE FUNCTION import_chats(import integer, rows jsonb)
    RETURNS TABLE (key text, outcome text, members_added bigint)
    LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    given record;
    place record;
BEGIN
    FOR given IN
        WITH asked AS MATERIALIZED (
            SELECT r.* FROM jsonb_to_recordset(rows) AS r (
                key text, type text, name text, description text, "createdBy" text, "createdAt" timestamptz,
                members jsonb
            )
        ),
        people AS (
            SELECT DISTINCT ON (a.key, u.id) a.key, u.id, m.role, m."joinedAt" AS joined_at
            FROM asked a
            CROSS JOIN jsonb_to_recordset(a.members) AS m ("user" text, role text, "joinedAt" timestamptz)
            JOIN imported_users i ON i.import_id = import AND i.key = m.user
            JOIN users u ON u.id = i.user_id
            ORDER BY a.key, u.id, m."joinedAt"
        ),
        together AS (
            SELECT p.key, array_agg(p.id ORDER BY p.id) AS ids, array_agg(p.role ORDER BY p.id) AS roles,
                array_agg(p.joined_at ORDER BY p.id) AS times
            FROM people p GROUP BY p.key
        )
        SELECT a.key, a.type, a.name, a.description, a."createdAt" AS created_at, creator.id AS creator,
            coalesce(t.ids, '{}') AS ids, t.roles, t.times
        FROM asked a
        LEFT JOIN together t ON t.key = a.key
        LEFT JOIN imported_users i ON i.import_id = import AND i.key = a."createdBy"
        LEFT JOIN users creator ON creator.id = i.user_id
    LOOP
        key := given.key;
        members_added := 0;
        SELECT c.id, c.deleted_at INTO place FROM imported_chats i LEFT JOIN chats c ON c.id = i.chat_id
        WHERE i.import_id = import AND i.key = given.key;
        IF FOUND THEN
            outcome := CASE WHEN place.id IS NULL OR place.deleted_at IS NOT NULL THEN 'deleted' ELSE 'known' END;
        ELSIF given.ids = '{}' THEN
            outcome := 'empty';
        ELSE
            outcome := 'added';
            INSERT INTO chats AS c (
                type, name, description, created_by, low_user_id, high_user_id, last_message_at, created_at, updated_at
            )
            VALUES (
                given.type, given.name, given.description, given.creator,
                CASE given.type WHEN 'private' THEN given.ids[1] END,
                CASE given.type WHEN 'private' THEN given.ids[2] END,
                given.created_at, given.created_at, given.created_at
            )
            ON CONFLICT (low_user_id, high_user_id) WHERE type = 'private' DO NOTHING
            RETURNING c.id INTO place;
            IF NOT FOUND THEN
                outcome := 'matched';
                SELECT c.id INTO place FROM chats c
                WHERE c.type = 'private' AND c.low_user_id = given.ids[1] AND c.high_user_id = given.ids[2];
            END IF;
            INSERT INTO imported_chats (import_id, key, chat_id, imported_seq)
            SELECT import, given.key, place.id, coalesce(max(i.imported_seq), 0)
            FROM imported_chats i WHERE i.chat_id = place.id;
        END IF;

        IF outcome NOT IN ('deleted', 'empty') THEN
            members_added := import_members(place.id, given.ids, given.roles, given.times, given.creator);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
