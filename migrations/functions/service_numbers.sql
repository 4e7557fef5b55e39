-- How much there is, and what waits. No table is read through: each number is an estimate or a counter of PostgreSQL's,
-- or is counted by an index of the few rows that it is about.
CREATE OR REPLACE FUNCTION service_numbers() RETURNS jsonb
    LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT jsonb_build_object(
        'at', wire_time(now()),
        'countedSince', wire_time(d.stats_reset),
        'users', jsonb_build_object(
            'registered', rows_about('users'::regclass),
            'added', coalesce(pg_stat_get_tuples_inserted('users'::regclass), 0),
            'moderators', (SELECT count(*) FROM users u WHERE u.role = 'moderator'),
            'admins', (SELECT count(*) FROM users u WHERE u.role = 'admin'),
            'muted', (
                SELECT count(DISTINCT s.user_id) FROM sanctions s
                WHERE s.kind = 'mute' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
            ),
            'banned', (
                SELECT count(DISTINCT s.user_id) FROM sanctions s
                WHERE s.kind = 'ban' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
            ),
            'leaving', (SELECT count(*) FROM users u WHERE u.delete_after IS NOT NULL)
        ),
        'messages', jsonb_build_object(
            'stored', rows_about('messages'::regclass),
            'added', coalesce(pg_stat_get_tuples_inserted('messages'::regclass), 0)
        ),
        'database', jsonb_build_object(
            'bytes', pg_database_size(current_database()), 'connections', d.numbackends, 'committed', d.xact_commit,
            'rolledBack', d.xact_rollback, 'deadlocks', d.deadlocks
        ),
        'reports', (
            SELECT waiting_json(count(*), min(r.created_at)) FROM reports r WHERE r.state IN ('open', 'assigned')
        ),
        'scheduled', (
            SELECT waiting_json(count(*), min(s.send_at)) FROM scheduled_messages s
            WHERE s.refused IS NULL AND s.send_at <= now()
        ),
        'indexing', (
            SELECT waiting_json(count(*), min(m.created_at))
            FROM (SELECT u.chat_id, u.seq FROM unindexed_messages u LIMIT 1000) u
            JOIN messages m ON m.chat_id = u.chat_id AND m.seq = u.seq
        ),
        'exports', (SELECT waiting_json(count(*), min(e.asked_at)) FROM exports e WHERE e.ready_at IS NULL),
        'audit', (
            SELECT waiting_json(count(*), min(a.happened_at))
            FROM (SELECT w.audit_id FROM audit_waiting w ORDER BY w.audit_id LIMIT 1000) w
            JOIN audit a ON a.id = w.audit_id
        )
    )
    FROM pg_stat_database d WHERE d.datname = current_database();
END;
