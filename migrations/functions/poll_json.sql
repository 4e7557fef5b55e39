-- A poll as it stands now: one whose time has come was closed then.
CREATE OR REPLACE FUNCTION poll_json(poll jsonb) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN poll ->> 'closedAt' IS NULL AND (poll ->> 'closesAt')::timestamptz <= now()
        THEN poll || jsonb_build_object('closedAt', poll -> 'closesAt') ELSE poll END;
