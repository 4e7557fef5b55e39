-- Keeps when a member read what is above `after_mark`, up to `mark`. Of their steps in the chat at least the last hundred
-- stay, and at most sixteen more: older ones go whenever the mark passes a multiple of sixteen, since to look for them
-- costs as much as to add a step.
CREATE OR REPLACE FUNCTION add_read_step(chat bigint, member bigint, after_mark bigint, mark bigint, moment timestamptz)
    RETURNS void
    LANGUAGE plpgsql VOLATILE
    -- The index is looked into even while there are so few rows that PostgreSQL would read them all.
    SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO read_steps (chat_id, user_id, after_seq, seq, read_at)
    VALUES (chat, member, after_mark, mark, moment)
    ON CONFLICT (chat_id, user_id, seq) DO NOTHING;
    IF after_mark / 16 <> mark / 16 THEN
        DELETE FROM read_steps s WHERE s.chat_id = chat AND s.user_id = member AND s.seq <= (
            SELECT o.seq FROM read_steps o WHERE o.chat_id = chat AND o.user_id = member
            ORDER BY o.seq DESC OFFSET 100 LIMIT 1
        );
    END IF;
END
$$;
