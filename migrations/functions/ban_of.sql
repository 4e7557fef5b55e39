-- Why a user may not log in, and until when: the text of a JSON object; NULL where they may.
CREATE OR REPLACE FUNCTION ban_of(account bigint) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT jsonb_build_object('reason', s.reason, 'until', wire_time(nullif(s.until, 'infinity')))
        FROM sanctions s
        WHERE s.user_id = account AND s.kind = 'ban' AND s.until IS NOT NULL AND s.lifted_at IS NULL AND s.until > now()
        LIMIT 1
    );
