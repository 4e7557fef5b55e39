-- The strictest rule that a text breaks in a chat (or anywhere, where `chat` is NULL); NULL where it breaks none.
CREATE OR REPLACE FUNCTION words_found(chat bigint, said text) RETURNS word_rules
    LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r FROM word_rules r, (SELECT words_of(said) AS words OFFSET 0) given
    WHERE r.scope IN (0, chat) AND strpos(given.words, r.needle) > 0
    ORDER BY array_position(ARRAY['refuse', 'hide', 'report'], r.action), r.id LIMIT 1
$$;
