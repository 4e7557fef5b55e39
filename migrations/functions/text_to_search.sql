-- What search finds a message by: its text, the name of its place, and the name and number of its contact.
CREATE OR REPLACE FUNCTION text_to_search(content text, details jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN details IS NULL THEN content ELSE concat_ws(
        E'\n', content, details #>> '{location,name}', details #>> '{contact,name}', details #>> '{contact,phone}'
    ) END;
