-- About how many rows a table has: what PostgreSQL counts along, or what it last found, where that is more.
CREATE OR REPLACE FUNCTION rows_about(name regclass) RETURNS bigint
    LANGUAGE sql STABLE
    RETURN (
        SELECT greatest(coalesce(pg_stat_get_live_tuples(c.oid), 0), c.reltuples::bigint, 0)
        FROM pg_class c WHERE c.oid = name
    );
