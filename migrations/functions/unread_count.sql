-- How many messages above one are there for a member to be read: all but their own, and those that were deleted, that
-- they hid, or that have expired. No message is read for it, and the cost does not grow with their number.
CREATE OR REPLACE FUNCTION unread_count(chat bigint, reader bigint, read_seq bigint, last_seq bigint) RETURNS bigint
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan
    -- The tables may be empty for long: they are not read through for that.
    SET enable_seqscan = off AS $$
DECLARE
    -- The first that is not read.
    next_seq bigint := read_seq + 1;
    out_of_all bigint := 0;
BEGIN
    IF last_seq <= read_seq THEN
        RETURN 0;
    END IF;
    IF EXISTS (SELECT FROM uncounted u WHERE u.chat_id = chat AND u.user_id = 0)
        OR EXISTS (SELECT FROM uncounted u WHERE u.chat_id = chat AND u.user_id = reader) THEN
        out_of_all := (
            SELECT coalesce(sum(part.n), 0) FROM (
                VALUES (0, next_seq, ((next_seq >> 6) + 1 << 6) - 1),
                    (1, (next_seq >> 6) + 1, ((next_seq >> 12) + 1 << 6) - 1),
                    (2, (next_seq >> 12) + 1, ((next_seq >> 18) + 1 << 6) - 1),
                    (3, (next_seq >> 18) + 1, 9223372036854775807)
            ) span (level, first, last), (VALUES (0::bigint), (reader)) whose (id), LATERAL (
                SELECT u.n FROM uncounted u
                WHERE u.chat_id = chat AND u.user_id = whose.id AND u.level = span.level
                    AND u.block BETWEEN span.first AND span.last
                OFFSET 0
            ) part
        );
    END IF;
    -- Those that were not emptied yet.
    out_of_all := out_of_all + (
        SELECT count(*) FROM expiring_messages e
        WHERE e.chat_id = chat AND e.expires_at <= now() AND e.seq > unread_count.read_seq AND NOT EXISTS (
            SELECT FROM uncounted u
            WHERE u.chat_id = chat AND u.user_id = reader AND u.level = 0 AND u.block = e.seq AND u.n > 0
        )
    );
    RETURN greatest(last_seq - read_seq - out_of_all, 0);
END
$$;
