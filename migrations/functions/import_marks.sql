-- Moves members' watermarks to where they were in another messenger. `rows` is a list of {chat, user, unread,
-- undelivered, readAt}: the first message that this member has not read, and the first that did not reach them, if any.
-- Answers how many members' watermarks moved.
--
-- A watermark moves only over messages that were imported, up to the first that was sent here: what of those was read
-- is known here alone. It never goes back.
CREATE OR REPLACE FUNCTION import_marks(import integer, rows jsonb) RETURNS bigint
    LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    mark record;
    moved bigint := 0;
BEGIN
    FOR mark IN
        WITH given AS MATERIALIZED (
            SELECT g.* FROM jsonb_to_recordset(rows) AS g (
                chat text, "user" text, unread text, undelivered text, "readAt" timestamptz
            )
        ),
        -- Two private chats of the same two people have become one.
        meant AS MATERIALIZED (
            SELECT c.chat_id, u.user_id, max(g."readAt") AS read_at,
                least(max(c.imported_seq), min(unread.seq) - 1) AS read_seq,
                least(max(c.imported_seq), min(undelivered.seq) - 1) AS delivered_seq
            FROM given g
            JOIN imported_chats c ON c.import_id = import AND c.key = g.chat
            JOIN imported_users u ON u.import_id = import AND u.key = g.user
            LEFT JOIN imported_messages first_unread ON first_unread.import_id = import AND first_unread.key = g.unread
            LEFT JOIN messages unread ON unread.id = first_unread.message_id
            LEFT JOIN imported_messages waiting ON waiting.import_id = import AND waiting.key = g.undelivered
            LEFT JOIN messages undelivered ON undelivered.id = waiting.message_id
            GROUP BY c.chat_id, u.user_id
        )
        SELECT m.chat_id, m.user_id, m.read_seq AS read_before, w.read_at, greatest(m.read_seq, w.read_seq) AS read_seq,
            greatest(m.delivered_seq, w.delivered_seq, w.read_seq) AS delivered_seq
        FROM members m JOIN meant w ON w.chat_id = m.chat_id AND w.user_id = m.user_id
        WHERE m.read_seq < w.read_seq OR m.delivered_seq < greatest(w.delivered_seq, w.read_seq)
        ORDER BY m.chat_id, m.user_id FOR NO KEY UPDATE OF m
    LOOP
        UPDATE members m SET read_seq = mark.read_seq, delivered_seq = mark.delivered_seq
        WHERE m.chat_id = mark.chat_id AND m.user_id = mark.user_id;
        -- That the watermark moved now is true of none of these messages: of the last one it is known when it was read.
        UPDATE members m SET read_at = mark.read_at, read_after = mark.read_seq - 1
        WHERE m.chat_id = mark.chat_id AND m.user_id = mark.user_id AND mark.read_seq > mark.read_before;
        moved := moved + 1;
    END LOOP;

    -- What members wrote beyond their watermarks is not theirs to read.
    INSERT INTO uncounted AS u (chat_id, user_id, level, block, n)
    SELECT own.chat_id, own.user_id, level, own.seq >> (6 * level), count(*)
    FROM (
        SELECT c.chat_id, min(m.read_seq) AS read_seq FROM (
            SELECT DISTINCT i.chat_id FROM jsonb_to_recordset(rows) AS g (chat text)
            JOIN imported_chats i ON i.import_id = import AND i.key = g.chat
        ) c JOIN members m ON m.chat_id = c.chat_id GROUP BY c.chat_id
    ) least_read, LATERAL (
        -- Each chat is gone through once, however many members it has.
        SELECT x.chat_id, x.sender_id AS user_id, x.seq FROM messages x
        WHERE x.chat_id = least_read.chat_id AND x.seq > least_read.read_seq AND x.deleted_at IS NULL
        OFFSET 0
    ) own, generate_series(0, 3) level
    WHERE EXISTS (
            SELECT FROM members m
            WHERE m.chat_id = own.chat_id AND m.user_id = own.user_id AND m.read_seq < own.seq
            OFFSET 0
        )
        AND NOT EXISTS (
            SELECT FROM uncounted o
            WHERE o.chat_id = own.chat_id AND o.user_id = own.user_id AND o.level = 0 AND o.block = own.seq AND o.n > 0
            OFFSET 0
        )
    GROUP BY own.chat_id, own.user_id, level, own.seq >> (6 * level)
    ON CONFLICT (chat_id, user_id, level, block) DO UPDATE SET n = u.n + excluded.n;
    RETURN moved;
END
$$;
