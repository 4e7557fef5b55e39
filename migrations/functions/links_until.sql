-- Until when links serve that are made now, in seconds since 1970: one to two hours. Those that are made within an hour
-- are the same, so that clients find a picture in their caches.
CREATE OR REPLACE FUNCTION links_until() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (floor(extract(epoch FROM now()) / 3600)::bigint + 2) * 3600;
