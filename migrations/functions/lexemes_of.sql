-- For version 0.2.0, which looks for these: the stems of what somebody typed.
CREATE OR REPLACE FUNCTION lexemes_of(typed text) RETURNS text[]
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN tsvector_to_array(to_tsvector('pg_catalog.russian', typed));
