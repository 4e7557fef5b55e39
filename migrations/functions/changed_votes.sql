-- A user's votes that no message tells and that have changed since a snapshot, and by which transaction.
--
-- The index is looked into even while there are so few rows that PostgreSQL would read them all: soon there are many.
CREATE OR REPLACE FUNCTION changed_votes(of_user bigint, since pg_snapshot)
    RETURNS TABLE (chat_id bigint, seq bigint, version xid8)
    LANGUAGE plpgsql STABLE
    SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT v.chat_id, v.seq, v.changed FROM poll_votes v
    WHERE v.user_id = of_user AND v.changed >= pg_snapshot_xmin(since) AND NOT pg_visible_in_snapshot(v.changed, since);
END
$$;
