-- The stem of a folded word, NULL of a stop word: a Latin word is stemmed as English, any other as Russian.
CREATE OR REPLACE FUNCTION stem_of(word text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN word ~ '^[a-z]' THEN (ts_lexize('pg_catalog.english_stem', word))[1]
        ELSE (ts_lexize('pg_catalog.russian_stem', word))[1]
    END;
