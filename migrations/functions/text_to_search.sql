-- What a message says without its files: its text, the name of its place, the name and number of its contact, and the
-- options of its poll.
CREATE OR REPLACE FUNCTION text_to_search(content text, details jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN details IS NULL THEN content ELSE concat_ws(
        E'\n', content, details #>> '{location,name}', details #>> '{contact,name}', details #>> '{contact,phone}',
        (SELECT string_agg(option ->> 'text', E'\n') FROM jsonb_array_elements(details #> '{poll,options}') option)
    ) END;
