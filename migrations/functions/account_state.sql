-- In which state an account is.
CREATE OR REPLACE FUNCTION account_state(u users) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE
        WHEN u.erased_at IS NOT NULL THEN 'deleted'
        WHEN u.delete_after IS NOT NULL THEN 'leaving'
        ELSE coalesce((
            SELECT CASE min(s.kind) WHEN 'ban' THEN 'banned' WHEN 'mute' THEN 'muted' END FROM sanctions s
            WHERE s.user_id = u.id AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
        ), 'active')
    END;
