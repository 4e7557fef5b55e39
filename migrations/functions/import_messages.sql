-- Stores messages of another messenger, each once. `rows` is a list of {key, chat, sender, content, replyTo, createdAt,
-- editedAt, deletedAt}; within a chat their order is the order of their numbers. Answers what was not stored and why,
-- and whose reply leads nowhere; a row that nothing is said of was stored, now or by an earlier run.
--
-- outcome: 'unknown_chat'; 'deleted_chat', here since; 'unknown_sender'; 'unknown_reply', stored as no reply.
--
-- Words are added by the sweep, as for a message that was sent. Replies join threads as if they had been sent, one after
-- the other; what is deleted counts as deleted before anybody answered it.
CREATE OR REPLACE FUNCTION import_messages(import integer, rows jsonb)
    RETURNS TABLE (key text, outcome text)
    LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
BEGIN
    -- Numbers are taken under the chats' locks, as everywhere, and in the order of ids, so that none waits for another.
    PERFORM FROM chats c WHERE c.id IN (
        SELECT i.chat_id FROM imported_chats i WHERE i.import_id = import AND i.key IN (
            SELECT r.chat FROM jsonb_to_recordset(rows) AS r (chat text)
        )
    ) ORDER BY c.id FOR NO KEY UPDATE;

    RETURN QUERY
    WITH RECURSIVE given AS MATERIALIZED (
        SELECT g.* FROM ROWS FROM (jsonb_to_recordset(rows) AS (
            key text, chat text, sender text, content text, "replyTo" text, "createdAt" timestamptz,
            "editedAt" timestamptz, "deletedAt" timestamptz
        )) WITH ORDINALITY AS g (key, chat, sender, content, reply, created_at, edited_at, deleted_at, place)
    ),
    judged AS MATERIALIZED (
        SELECT g.*, c.id AS chat_id, c.last_seq, u.id AS sender_id, CASE
            WHEN i.chat_id IS NULL THEN 'unknown_chat'
            WHEN c.id IS NULL OR c.deleted_at IS NOT NULL THEN 'deleted_chat'
            WHEN g.sender IS NOT NULL AND s.user_id IS NULL THEN 'unknown_sender'
        END AS refusal
        FROM given g
        LEFT JOIN imported_chats i ON i.import_id = import AND i.key = g.chat
        LEFT JOIN chats c ON c.id = i.chat_id
        LEFT JOIN imported_users s ON s.import_id = import AND s.key = g.sender
        -- As here, what somebody wrote stays when their account goes.
        LEFT JOIN users u ON u.id = s.user_id
        WHERE NOT EXISTS (SELECT FROM imported_messages k WHERE k.import_id = import AND k.key = g.key)
    ),
    numbered AS (
        SELECT j.*, j.last_seq + row_number() OVER (PARTITION BY j.chat_id ORDER BY j.place) AS seq
        FROM judged j WHERE j.refusal IS NULL
        ORDER BY j.chat_id, seq
    ),
    identified AS MATERIALIZED (
        SELECT n.*, nextval('messages_id_seq') AS id FROM numbered n
    ),
    ready AS MATERIALIZED (
        SELECT n.*, coalesce(r.id, known.id) AS reply_to, known.thread_id AS known_thread,
            coalesce(r.seq < n.seq, false) AS answers_row
        FROM identified n
        LEFT JOIN identified r ON r.key = n.reply AND r.chat_id = n.chat_id
        -- OFFSET 0 has messages of earlier runs looked up one by one.
        LEFT JOIN LATERAL (
            SELECT m.id, thread_under(m) AS thread_id
            FROM imported_messages k JOIN messages m ON m.id = k.message_id
            WHERE k.import_id = import AND k.key = n.reply AND m.chat_id = n.chat_id AND r.id IS NULL
            OFFSET 0
        ) known ON true
    ),
    -- In which threads the rows are: the thread of a row is known before those of its replies.
    threaded AS (
        SELECT r.id, r.chat_id, r.seq, r.created_at, r.deleted_at, r.known_thread AS thread_id
        FROM ready r WHERE NOT r.answers_row
        UNION ALL
        SELECT r.id, r.chat_id, r.seq, r.created_at, r.deleted_at,
            coalesce(t.thread_id, CASE WHEN t.deleted_at IS NULL THEN t.id END)
        FROM threaded t JOIN ready r ON r.reply_to = t.id AND r.answers_row
    ),
    replied AS MATERIALIZED (
        SELECT t.thread_id AS id, count(*) AS replies, max(t.seq) AS last_seq, max(t.created_at) AS newest
        FROM threaded t WHERE t.thread_id IS NOT NULL AND t.deleted_at IS NULL GROUP BY t.thread_id
    ),
    stored AS (
        INSERT INTO messages (
            id, chat_id, seq, sender_id, message_type, content, reply_to, edited_at, deleted_at, deleted_by,
            created_at, updated_at, searched, thread_id
        )
        OVERRIDING SYSTEM VALUE
        SELECT r.id, r.chat_id, r.seq, r.sender_id, 'text', CASE WHEN r.deleted_at IS NULL THEN r.content ELSE '' END,
            r.reply_to, CASE WHEN r.deleted_at IS NULL THEN r.edited_at END, r.deleted_at,
            CASE WHEN r.deleted_at IS NOT NULL THEN r.sender_id END, r.created_at,
            greatest(r.created_at, r.edited_at, r.deleted_at, head.newest),
            CASE WHEN r.deleted_at IS NULL THEN NULL ELSE ''::tsvector END, coalesce(t.thread_id, head.id)
        FROM ready r JOIN threaded t USING (id) LEFT JOIN replied head USING (id) ORDER BY r.chat_id, r.seq
    ),
    -- The heads that were here before.
    answered AS (
        UPDATE messages m SET thread_id = m.id, updated_at = next_update(m, r.newest)
        FROM replied r WHERE m.id = r.id
        RETURNING m.id, m.chat_id, m.seq
    ),
    heads AS (
        SELECT id, chat_id, seq FROM answered UNION ALL SELECT r.id, r.chat_id, r.seq FROM ready r
    ),
    threads_grown AS (
        INSERT INTO threads AS t (chat_id, root_seq, reply_count, last_seq)
        SELECT h.chat_id, h.seq, r.replies, r.last_seq FROM replied r JOIN heads h USING (id)
        ON CONFLICT (chat_id, root_seq) DO UPDATE SET
            reply_count = t.reply_count + excluded.reply_count, last_seq = excluded.last_seq
    ),
    replies_added AS (
        INSERT INTO thread_replies (chat_id, root_seq, seq)
        SELECT t.chat_id, h.seq, t.seq FROM threaded t JOIN heads h ON h.id = t.thread_id WHERE t.deleted_at IS NULL
    ),
    unindexed AS (
        INSERT INTO unindexed_messages (chat_id, seq)
        SELECT r.chat_id, r.seq FROM ready r WHERE r.deleted_at IS NULL
    ),
    counted_out AS (
        INSERT INTO uncounted AS u (chat_id, user_id, level, block, n)
        SELECT r.chat_id, 0, level, r.seq >> (6 * level), count(*) FROM ready r, generate_series(0, 3) level
        WHERE r.deleted_at IS NOT NULL
        GROUP BY r.chat_id, level, r.seq >> (6 * level)
        ON CONFLICT (chat_id, user_id, level, block) DO UPDATE SET n = u.n + excluded.n
    ),
    noted AS (
        INSERT INTO imported_messages (import_id, key, message_id) SELECT import, r.key, r.id FROM ready r
    ),
    grown AS (
        SELECT r.chat_id, min(r.seq) AS first_seq, max(r.seq) AS last_seq, max(r.created_at) AS newest
        FROM ready r GROUP BY r.chat_id
    ),
    numbers_taken AS (
        UPDATE chats c SET last_seq = g.last_seq, last_message_at = greatest(c.last_message_at, g.newest)
        FROM grown g WHERE c.id = g.chat_id
    ),
    known_further AS (
        UPDATE imported_chats i SET imported_seq = g.last_seq
        FROM grown g WHERE i.chat_id = g.chat_id AND i.imported_seq = g.first_seq - 1
    )
    SELECT j.key, j.refusal FROM judged j WHERE j.refusal IS NOT NULL
    UNION ALL
    SELECT r.key, 'unknown_reply' FROM ready r WHERE r.reply IS NOT NULL AND r.reply_to IS NULL;
END
$$;
