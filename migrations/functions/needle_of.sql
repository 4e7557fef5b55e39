-- What a rule looks for in what words_of() makes of a text: whole words, but where the phrase has a * at its end, or
-- before its beginning. NULL where nothing is left of the phrase.
CREATE OR REPLACE FUNCTION needle_of(phrase text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (
        SELECT CASE WHEN words.one <> '' THEN concat(
            CASE WHEN left(btrim(phrase), 1) <> '*' THEN ' ' END, words.one,
            CASE WHEN right(btrim(phrase), 1) <> '*' THEN ' ' END
        ) END
        -- The first of the three, which ends where there are two spaces.
        FROM (SELECT btrim(split_part(btrim(words_of(phrase)), '  ', 1)) AS one) words
    );
