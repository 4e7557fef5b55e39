-- Bytes that count against a user's quota: stored ones, and those that may still come.
CREATE OR REPLACE FUNCTION storage_used(owner bigint) RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (
        SELECT coalesce(sum(size), 0)::bigint FROM uploads
        WHERE owner_id = owner AND (state = 'ready' OR (state IN ('pending', 'scanning') AND expires_at > now()))
    );
