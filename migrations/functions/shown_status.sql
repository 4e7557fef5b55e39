-- What others see of a status: who is invisible is not there.
CREATE OR REPLACE FUNCTION shown_status(is_online boolean, status text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN is_online AND status <> 'invisible' THEN status ELSE 'offline' END;
