-- What the index keeps of a text. All of it is looked for by its beginning, so a word is kept as it is written, which
-- its stem begins; and so is what is left of it from each of its parts on, up to six: `1.2.3` begins a part of `v1.2.3`.
-- English has stems that do not begin their words (`happi`): these are kept too. Behind a `#` are the digits of what may
-- be a phone number, from each of them on.
CREATE OR REPLACE FUNCTION search_words(content text) RETURNS text[]
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text[] := search_tokens(content);
    token text;
    parts text[];
    stem text;
BEGIN
    IF array_to_string(words, ' ') ~ '[a-z\uE001]' THEN
        FOREACH token IN ARRAY words LOOP
            IF strpos(token, U&'\E001') > 0 THEN
                parts := string_to_array(token, U&'\E001');
                FOR i IN 2 .. cardinality(parts) LOOP
                    words := words || ltrim(array_to_string(parts[i:i + 5], ''), '.');
                END LOOP;
                words := words || array(
                    SELECT s.stem[1] FROM unnest(parts) part, ltrim(part, '.') p (word),
                        ts_lexize('pg_catalog.english_stem', word) s (stem)
                    WHERE word ~ '^[a-z]' AND NOT starts_with(word, s.stem[1])
                );
            ELSIF token ~ '^[a-z]' THEN
                stem := (ts_lexize('pg_catalog.english_stem', token))[1];
                IF NOT starts_with(token, stem) THEN
                    words := words || stem;
                END IF;
            END IF;
        END LOOP;
    END IF;
    IF content ~ '[0-9][^[:alpha:]]*[0-9][^[:alpha:]]*[0-9][^[:alpha:]]*[0-9]' THEN
        words := words || array(
            SELECT '#' || substr(digits, i, 15) FROM (
                SELECT regexp_replace(run[1], '[^0-9]+', '', 'g') AS digits
                FROM regexp_matches(content, phone_pattern(), 'g') run LIMIT 100
            ) phones, generate_series(1, length(digits) - 4) i
        );
    END IF;
    -- PostgreSQL takes no word of more than 2 KB.
    RETURN array(SELECT left(replace(word, U&'\E001', ''), 64) FROM unnest(words) word);
END
$$;
