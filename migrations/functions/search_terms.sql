-- What to look for by what somebody typed: the text of a tsquery in which `@` stands for the chat, see query_in_chat().
-- All words are wanted. Stop words are left out, unless there is nothing else. NULL where there is no word.
CREATE OR REPLACE FUNCTION search_terms(typed text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    phone CONSTANT text := '(?<![[:alnum:]])' || phone_pattern() || '(?![[:alnum:]])';
    terms text[] := '{}';
    stops text[] := '{}';
    written text;
    token text;
BEGIN
    FOR written IN SELECT run[1] FROM regexp_matches(typed, phone, 'g') run LOOP
        terms := terms || format('(''@#%s'':* | %s)', left(national_number(written), 15), (
            SELECT string_agg(search_term(part, false), ' & ') FROM unnest(search_tokens(written)) part
        ));
    END LOOP;
    FOREACH token IN ARRAY search_tokens(regexp_replace(typed, phone, ' ', 'g')) LOOP
        IF NOT EXISTS (
            SELECT FROM unnest(string_to_array(token, U&'\E001')) part WHERE stem_of(ltrim(part, '.')) IS NOT NULL
        ) THEN
            stops := stops || search_term(token, true);
        ELSE
            terms := terms || search_term(token, false);
        END IF;
    END LOOP;
    RETURN nullif(array_to_string(CASE WHEN terms = '{}' THEN stops ELSE terms END, ' & '), '');
END
$$;
