-- All that a message says, and what search finds it by: its text, its place, contact or poll, and the names and captions
-- of its files.
CREATE OR REPLACE FUNCTION message_words(content text, details jsonb, attachments jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN attachments = '[]' THEN text_to_search(content, details) ELSE concat_ws(
        E'\n', text_to_search(content, details), (
            SELECT string_agg(concat_ws(E'\n', file ->> 'filename', file ->> 'caption'), E'\n')
            FROM jsonb_array_elements(attachments) file
        )
    ) END;
