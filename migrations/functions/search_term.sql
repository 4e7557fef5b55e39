-- What finds one of search_tokens(), as a piece of a tsquery in which `@` stands for the chat: its stem or itself as a
-- beginning, or a stop word as it stands.
CREATE OR REPLACE FUNCTION search_term(token text, is_stop boolean) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    parts text[] := string_to_array(token, U&'\E001');
    terms text[] := '{}';
    written text;
    word text;
    stem text;
BEGIN
    -- The index keeps up to six parts together.
    IF is_stop THEN
        RETURN format('''@%s''', left(array_to_string(parts[:6], ''), 64));
    END IF;
    FOR i IN 1 .. cardinality(parts) BY 6 LOOP
        written := left(ltrim(array_to_string(parts[i:i + 5], ''), '.'), 64);
        word := substring(written FROM '[[:alpha:]]+$');
        stem := stem_of(word);
        IF starts_with(word, stem) THEN
            terms := terms || format('''@%s'':*', left(written, length(written) - length(word) + length(stem)));
        ELSIF stem IS NOT NULL THEN
            stem := left(written, length(written) - length(word)) || stem;
            terms := terms || format('(''@%s'':* | ''@%s'':*)', stem, written);
        ELSE
            terms := terms || format('''@%s'':*', written);
        END IF;
    END LOOP;
    RETURN array_to_string(terms, ' & ');
END
$$;
