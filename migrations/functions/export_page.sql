-- Adds to a user's archive what they wrote among the next `most` messages of their chats. True once there are no more;
-- false also where another run is at it.
CREATE OR REPLACE FUNCTION export_page(account bigint, most integer) RETURNS boolean
    LANGUAGE plpgsql AS $$
DECLARE
    last_seq CONSTANT bigint := 9223372036854775807;
    here exports;
    chat bigint;
    after bigint := 0;
    page record;
BEGIN
    SELECT e.* INTO here FROM exports e WHERE e.user_id = account AND e.ready_at IS NULL FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF here.seq < last_seq THEN
        chat := here.chat_id;
        after := here.seq;
    ELSE
        SELECT m.chat_id INTO chat FROM members m
        WHERE m.user_id = account AND m.chat_id > here.chat_id ORDER BY m.chat_id LIMIT 1;
    END IF;
    IF chat IS NULL THEN
        RETURN true;
    END IF;
    SELECT count(*) AS looked, max(m.seq) AS seq, string_agg(
        jsonb_build_object(
            'id', m.id, 'chatId', m.chat_id, 'seq', m.seq, 'createdAt', wire_time(m.created_at),
            'messageType', m.message_type, 'content', m.content, 'attachments', m.attachments, 'details', m.details
        )::text || E'\n', '' ORDER BY m.seq
    ) FILTER (WHERE m.sender_id = account AND m.deleted_at IS NULL) AS lines
    INTO page
    FROM (SELECT o.* FROM messages o WHERE o.chat_id = chat AND o.seq > after ORDER BY o.seq LIMIT most) m;
    IF page.lines IS NOT NULL THEN
        INSERT INTO export_parts (user_id, number, content)
        SELECT account, coalesce(max(p.number), 0) + 1, convert_to(page.lines, 'UTF8')
        FROM export_parts p WHERE p.user_id = account;
    END IF;
    UPDATE exports e SET chat_id = chat, looked = e.looked + page.looked,
        seq = CASE WHEN page.looked < most THEN last_seq ELSE page.seq END
    WHERE e.user_id = account;
    RETURN false;
END
$$;
