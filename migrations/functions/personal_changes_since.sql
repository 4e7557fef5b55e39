-- What of a user's own, and of whom they know, has changed since a snapshot: by the rank that sync tells it in, and by
-- which transaction.
--
-- The index is looked into even while there are so few rows that PostgreSQL would read them all: soon there are many.
CREATE OR REPLACE FUNCTION personal_changes_since(of_user bigint, since pg_snapshot)
    RETURNS TABLE (rank integer, subject_id bigint, version xid8)
    LANGUAGE plpgsql STABLE
    SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY
    SELECT CASE p.kind
            WHEN 'user' THEN -6 WHEN 'contact' THEN -5 WHEN 'block' THEN -4 WHEN 'privacy' THEN -3 WHEN 'scheduled' THEN -2
            WHEN 'keys' THEN -7 ELSE -1
        END, p.subject_id, p.changed
    FROM personal_changes p
    WHERE p.user_id = of_user AND p.changed >= pg_snapshot_xmin(since) AND NOT pg_visible_in_snapshot(p.changed, since);
END
$$;
