-- Where a page of a chat begins that is to hold what came before one of its messages, or before a time. 0 for a message
-- that is not there.
--
-- By time it is found by halving, along the primary key: an index on the time would mislead the planner elsewhere.
CREATE OR REPLACE FUNCTION seq_before(chat bigint, message_id bigint, moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql STABLE AS $$
DECLARE
    low bigint := 0; -- what is here or below came before
    high bigint; -- what is here or above did not
    middle bigint;
    met record;
BEGIN
    IF message_id IS NOT NULL THEN
        RETURN coalesce((SELECT m.seq FROM messages m WHERE m.id = message_id AND m.chat_id = chat), 0);
    END IF;
    high := (SELECT c.last_seq + 1 FROM chats c WHERE c.id = chat);
    WHILE low + 1 < high LOOP
        middle := (low + high) / 2;
        -- Times are told in milliseconds.
        SELECT m.seq, date_trunc('milliseconds', m.created_at) < moment AS is_before INTO met
        FROM messages m WHERE m.chat_id = chat AND m.seq >= middle AND m.seq < high ORDER BY m.seq LIMIT 1;
        IF met.is_before THEN
            low := met.seq;
        ELSE
            high := middle;
        END IF;
    END LOOP;
    RETURN high;
END
$$;
