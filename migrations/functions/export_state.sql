-- How far a user's archive has come: it is ready once its file is.
CREATE OR REPLACE FUNCTION export_state(account bigint) RETURNS TABLE (state text, progress integer, upload_id bigint)
    LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN u.state = 'ready' THEN 'ready' ELSE 'working' END,
        CASE WHEN u.state = 'ready' THEN 100 ELSE least(99, 100 * e.looked / greatest(e.total, 1)) END::integer,
        CASE WHEN u.state = 'ready' THEN u.id END
    FROM exports e LEFT JOIN uploads u ON u.id = e.upload_id
    WHERE e.user_id = account
$$;
