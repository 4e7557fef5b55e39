-- RFC 3339 in UTC with milliseconds and Z.
CREATE OR REPLACE FUNCTION wire_time(moment timestamptz) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
