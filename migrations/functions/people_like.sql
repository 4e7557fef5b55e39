-- People in whose names something is nearly each of these words, the nearest first: who was meant where a letter is
-- wrong, missing or swapped. The first word is looked up in the index of trigrams, so it is to be the longest. Of its
-- trigrams, two swapped letters in seven leave a third.
CREATE OR REPLACE FUNCTION people_like(words text[], most integer) RETURNS TABLE (user_id bigint, place bigint)
    LANGUAGE sql STABLE PARALLEL SAFE
    SET pg_trgm.word_similarity_threshold = 0.33
AS $$
    SELECT u.id, row_number() OVER (ORDER BY near.ness DESC, u.id)
    FROM (
        -- Where so many are like it, which of them come first says little.
        SELECT * FROM users
        WHERE erased_at IS NULL AND char_length(words[1]) >= 4
            AND folded(searched) %> folded(words[1])
        LIMIT 2000
    ) u, LATERAL (
        SELECT min(word_similarity(folded(word), folded(u.searched))) AS ness FROM unnest(words) word
    ) near
    WHERE near.ness >= 0.33
    ORDER BY near.ness DESC, u.id
    LIMIT most
$$;
