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
    low bigint;
    high bigint;
    creator bigint;
    people bigint[];
BEGIN
    FOR given IN
        SELECT r.* FROM jsonb_to_recordset(rows) AS r (
            key text, type text, name text, description text, "createdBy" text, "createdAt" timestamptz, members jsonb
        )
    LOOP
        key := given.key;
        members_added := 0;
        people := array(
            SELECT DISTINCT u.id FROM jsonb_to_recordset(given.members) AS m ("user" text)
            JOIN imported_users i ON i.import_id = import AND i.key = m.user
            JOIN users u ON u.id = i.user_id ORDER BY u.id
        );
        low := people[1];
        high := people[2];
        creator := (
            SELECT u.id FROM imported_users i JOIN users u ON u.id = i.user_id
            WHERE i.import_id = import AND i.key = given."createdBy"
        );

        SELECT c.id, c.deleted_at INTO place FROM imported_chats i LEFT JOIN chats c ON c.id = i.chat_id
        WHERE i.import_id = import AND i.key = given.key;
        IF FOUND THEN
            outcome := CASE WHEN place.id IS NULL OR place.deleted_at IS NOT NULL THEN 'deleted' ELSE 'known' END;
        ELSIF people = '{}' THEN
            outcome := 'empty';
        ELSE
            outcome := 'added';
            INSERT INTO chats AS c (
                type, name, description, created_by, low_user_id, high_user_id, last_message_at, created_at, updated_at
            )
            VALUES (
                given.type, given.name, given.description, creator,
                CASE given.type WHEN 'private' THEN low END, CASE given.type WHEN 'private' THEN high END,
                given."createdAt", given."createdAt", given."createdAt"
            )
            ON CONFLICT (low_user_id, high_user_id) WHERE type = 'private' DO NOTHING
            RETURNING c.id INTO place;
            IF NOT FOUND THEN
                outcome := 'matched';
                SELECT c.id INTO place FROM chats c
                WHERE c.type = 'private' AND c.low_user_id = low AND c.high_user_id = high;
            END IF;
            INSERT INTO imported_chats (import_id, key, chat_id, imported_seq)
            SELECT import, given.key, place.id, coalesce(max(i.imported_seq), 0)
            FROM imported_chats i WHERE i.chat_id = place.id;
        END IF;

        IF outcome NOT IN ('deleted', 'empty') THEN
            members_added := import_members(import, place.id, given.members, creator);
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
